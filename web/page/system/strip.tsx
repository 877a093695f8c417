/** @file The layers of a network as a strip of their feature maps. */
import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Strip as Maps } from '../engine/frames.js';
import { useStudio } from '../state/studio.js';
import { drawValues } from '../ui/canvas.js';
import type { Live } from '../state/live.js';

/** A layer as the networks' descriptions have it. */
interface ShownLayer {
  name: string;
  value: string;
  shape?: string;
  channels?: number;
  width?: number;
  height?: number;
}

/** Channels in a thumbnail. */
const THUMBNAIL = 4;

/** The thumbnails of all layers; a click opens a layer. */
export function Strip({ side, layers }: { side: 'g' | 'd'; layers: readonly ShownLayer[] }) {
  const { live, address } = useStudio();
  const open = (value: string) => {
    const look = `${side}:${value}`;
    const isOpen = live.opened.peek() === look;
    address.change({ look: isOpen ? '' : look, ...(side === 'd' && { layer: isOpen ? '' : value }) });
  };
  if (layers.length === 0) return <p class="note">no layers to show</p>;
  return (
    <ul class="strip">
      {layers.map((layer) => (
        <li key={layer.value}>
          <button
            type="button"
            class="layer"
            aria-pressed={live.opened.value === `${side}:${layer.value}`}
            aria-label={`Layer ${layer.name}, ${sizeText(layer)}`}
            title={`${layer.name}, ${sizeText(layer)}`}
            onClick={() => open(layer.value)}
          >
            <Thumbnail side={side} value={layer.value} />
            <span class="note">{sizeText(layer)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The sizes of a layer, channels first. */
function sizeText({ shape, channels, width, height }: ShownLayer): string {
  return shape ?? `${channels}×${height}×${width}`;
}

/** The maps of a side's layer in the newest frame. */
export function mapsOf(live: Live, side: string, value: string): Maps | undefined {
  const strips = side === 'g' ? live.generatorStrips.value : (live.frame.value?.explainer ?? []);
  return strips.find((strip) => strip.value === value);
}

function Thumbnail({ side, value }: { side: 'g' | 'd'; value: string }) {
  const { live } = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const [maps, colours] = [mapsOf(live, side, value), live.mapColours.value];
    if (canvas.current && maps && colours)
      drawMosaic(canvas.current, { ...maps, count: Math.min(THUMBNAIL, maps.count) }, colours);
  });
  return <canvas ref={canvas} class="maps" aria-hidden="true" />;
}

/**
 * Draws channels side by side, nearly as a square, or in rows twice as long with a line between them. Returns how many stand in a row.
 */
export function drawMosaic(
  canvas: HTMLCanvasElement,
  { data, count, width, height }: Pick<Maps, 'data' | 'count' | 'width' | 'height'>,
  colours: { table: Uint8Array; signed: boolean },
  isWide = false,
): number {
  const gap = isWide ? 1 : 0;
  const columns = Math.ceil(Math.sqrt(isWide ? 2 * count : count));
  const rows = Math.ceil(count / columns);
  const across = columns * (width + gap) - gap;
  // What is no number is not drawn.
  const values = new Float32Array(across * (rows * (height + gap) - gap)).fill(isWide ? Number.NaN : 0);
  for (let channel = 0; channel < count; channel++) {
    const [left, top] = [(channel % columns) * (width + gap), Math.floor(channel / columns) * (height + gap)];
    for (let y = 0; y < height; y++) {
      const from = (channel * height + y) * width;
      values.set(data.subarray(from, from + width), (top + y) * across + left);
    }
  }
  drawValues(canvas, { width: across, height: values.length / across, values, colours, fades: false });
  return columns;
}
