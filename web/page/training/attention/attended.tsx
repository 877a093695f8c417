/** @file A picture with what D looks at laid over it, and a box that one draws by pointer or by keys. */
import { useRef, useState } from 'preact/hooks';
import type { Attended } from '../../engine/attention.js';
import { useStudio } from '../../state/studio.js';
import { PictureCanvas, ValuesCanvas } from '../../ui/canvas.js';
import { areaOf, boxBetween, movedBox, shareInside, type Box } from './boxes.js';

/** How far a key moves a box. */
const STEP = 0.02;
/** The box that Enter makes. */
const MIDDLE: Box = { left: 0.25, top: 0.25, right: 0.75, bottom: 0.75 };

/** The picture. @param largest the value of a map that has the last colour; none for the map's own largest */
export function AttendedPicture(props: {
  name: string;
  shown: Attended | undefined;
  largest: number | undefined;
  box: Box | undefined;
  onBox: (box: Box | undefined) => void;
}) {
  const { name, shown, largest, box, onBox } = props;
  const { live, address } = useStudio();
  const colours = live.colours.value;
  const [drawn, setDrawn] = useState<Box>();
  const from = useRef<{ x: number; y: number } | undefined>(undefined);
  const placeOf = (event: PointerEvent) => {
    const frame = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return { x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height };
  };
  const byKey = (event: KeyboardEvent) => {
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    const isEnd = event.key === 'Delete' || event.key === 'Backspace' || event.key === 'Escape';
    if (event.key === 'Enter' && !box) onBox(MIDDLE);
    else if (isEnd && box) onBox(undefined);
    else if (move && box) onBox(movedBox(box, move[0] as number, move[1] as number, event.shiftKey));
    else return;
    event.preventDefault();
  };
  const current = drawn ?? box;
  const share = shown && current ? shareInside({ ...shown.map, values: shown.map.shares }, current) : undefined;
  const shareText =
    share === undefined || current === undefined
      ? ''
      : `${Number.isFinite(share) ? percent(share) : 'nothing'} inside, area ${percent(areaOf(current))}`;
  const how = box ? 'Arrow keys move the box, with Shift its corner; Delete removes it' : 'Enter draws a box';
  return (
    <figure class="cell attended">
      <div
        class="stack"
        role="group"
        tabIndex={0}
        aria-label={`${[name, shown?.map.note ?? '', shareText].filter(Boolean).join(': ')}. ${how}`}
        onKeyDown={byKey}
        onPointerDown={(event) => {
          from.current = placeOf(event);
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          if (from.current) setDrawn(boxBetween(from.current, placeOf(event)));
        }}
        onPointerUp={() => {
          // A click without a drag removes the box.
          onBox(drawn);
          from.current = undefined;
          setDrawn(undefined);
        }}
        onPointerCancel={() => {
          from.current = undefined;
          setDrawn(undefined);
        }}
      >
        {shown && <PictureCanvas picture={shown.picture} label="" />}
        {shown && colours && (
          <div class="faded" style={{ opacity: address.get('opacity', '0.7') }}>
            <ValuesCanvas
              width={shown.map.width}
              height={shown.map.height}
              values={scaled(
                shown.map.shares,
                largest === undefined ? 1 : largest > 0 ? shown.map.largest / largest : 0,
              )}
              colours={colours.signed ? { ...colours, signed: false } : colours}
              fades
              label=""
            />
          </div>
        )}
        {current && (
          <span
            class="box"
            style={{
              left: `${100 * current.left}%`,
              top: `${100 * current.top}%`,
              width: `${100 * (current.right - current.left)}%`,
              height: `${100 * (current.bottom - current.top)}%`,
            }}
          />
        )}
      </div>
      <figcaption class="numbers">
        {shown?.probability !== undefined && <span>D: {percent(shown.probability)} real</span>}
        <span class="note" title={shown?.map.note}>
          {shown?.map.note === undefined ? shareText : 'no attention'}
        </span>
      </figcaption>
    </figure>
  );
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

const kept = new WeakMap<Float32Array, { share: number; values: Float32Array }>();

/** The values times a share; the same array for the same share, so that nothing is drawn again. */
function scaled(values: Float32Array, share: number): Float32Array {
  const known = kept.get(values);
  if (known?.share === share) return known.values;
  const made = values.map((value) => Math.min(1, value * share));
  kept.set(values, { share, values: made });
  return made;
}
