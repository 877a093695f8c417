/** @file One map over its picture: the pointer or the arrow keys read its values, in all maps at the same place. */
import type { ReadonlySignal, Signal } from '@preact/signals';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import type { Proof } from '../engine/explanations.js';
import { useStudio } from '../state/studio.js';
import { PictureCanvas, ValuesCanvas } from '../ui/canvas.js';
import { withoutTop } from './removed.js';
import type { Cell, Seen } from './work.js';

/** A place on the maps, 0…1 from left and top, and the value of the map that is read there. */
export interface Reading {
  x: number;
  y: number;
  value: number;
}

/** How far a key goes. */
const STEP = 0.04;

/** The map of a method. */
export function MapCell(props: {
  title: string;
  cell: ReadonlySignal<Cell | undefined>;
  seen: ReadonlySignal<Seen | string | undefined>;
  proof: ReadonlySignal<Proof | undefined>;
  /** The cells of the same method, for one scale. */
  peers: readonly ReadonlySignal<Cell | undefined>[];
  reading: Signal<Reading | undefined>;
  /** The share of the pixels that is removed, the map's highest first. */
  removed: number;
}) {
  const { address, live } = useStudio();
  const { title, reading, removed } = props;
  const [cell, seen, proof] = [props.cell.value, props.seen.value, props.proof.value];
  const colours = live.colours.value;
  if (cell?.problem !== undefined) {
    return (
      <figure class="cell">
        <p class="status error">{cell.problem}</p>
        <figcaption>{title}</figcaption>
      </figure>
    );
  }
  const { map } = cell ?? {};
  if (!map || typeof seen !== 'object' || !colours || map.signed !== colours.signed) {
    return (
      <figure class="cell">
        <span class="stack blank" />
        <figcaption>{title}</figcaption>
      </figure>
    );
  }
  const isShared = address.get('scale') === 'one';
  const largest = Math.max(...props.peers.map((peer) => peer.value?.map?.largest ?? 0));
  const values = isShared ? scaled(map.shares, largest > 0 ? map.largest / largest : 0) : map.values;
  const at = reading.value;
  const valueAt = ({ x, y }: { x: number; y: number }) =>
    values[
      Math.min(map.height - 1, Math.floor(y * map.height)) * map.width +
        Math.min(map.width - 1, Math.floor(x * map.width))
    ] ?? 0;
  const read = (x: number, y: number) => {
    const place = { x: Math.max(0, Math.min(0.999, x)), y: Math.max(0, Math.min(0.999, y)) };
    reading.value = { ...place, value: valueAt(place) };
  };
  const byPointer = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    read((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  const byKey = (event: KeyboardEvent) => {
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (!move) return;
    event.preventDefault();
    read((at?.x ?? 0.5) + (move[0] ?? 0), (at?.y ?? 0.5) + (move[1] ?? 0));
  };
  const shown = removed > 0 ? withoutTop(seen.picture, map.values, removed) : seen.picture;
  const text = at ? formattedNumber(isShared ? valueAt(at) * largest : valueAt(at)) : '';
  return (
    <figure class="cell">
      <div
        class="stack"
        role="group"
        tabIndex={0}
        aria-label={`${title}: ${map.verdict}${text === '' ? '' : `; here ${text}`}; arrow keys read values`}
        onPointerMove={byPointer}
        onPointerLeave={() => (reading.value = undefined)}
        onKeyDown={byKey}
        onBlur={() => (reading.value = undefined)}
      >
        <PictureCanvas picture={shown} label="" />
        {removed === 0 && (
          <div class="faded" style={{ opacity: address.get('opacity', '0.7') }}>
            <ValuesCanvas width={map.width} height={map.height} values={values} colours={colours} fades label="" />
          </div>
        )}
        {at && <span class="cross" style={{ left: `${100 * at.x}%`, top: `${100 * at.y}%` }} />}
        {at && <span class="reading numbers">{text}</span>}
      </div>
      <figcaption>
        <strong>{title}</strong>
        <span class="note">{map.verdict}</span>
        {map.note && <span class="note">{map.note}</span>}
        {proof && <span class="note numbers">deletion {formattedNumber(proof.area)}</span>}
      </figcaption>
    </figure>
  );
}

const kept = new WeakMap<Float32Array, { share: number; values: Float32Array }>();

/** The values times a share; the same array for the same share, so that nothing is drawn again. */
function scaled(values: Float32Array, share: number): Float32Array {
  const known = kept.get(values);
  if (known?.share === share) return known.values;
  const made = values.map((value) => value * share);
  kept.set(values, { share, values: made });
  return made;
}
