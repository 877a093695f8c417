/** @file The sample of a line in the legend of a chart. */
import { lineStyle } from '../../../inference/figures/theme.js';
import { Marker } from './marker.js';

/** A short line of a colour, with the dashes and the marker of line number `line`. */
export function LineKey({ colour, line }: { colour: string; line: number }) {
  const { dash, marker } = lineStyle(line);
  return (
    <svg class="line-key" viewBox="0 0 26 8" aria-hidden="true">
      <line x1="0" x2="26" y1="4" y2="4" style={{ stroke: colour }} stroke-dasharray={dash.join(' ') || 'none'} />
      <Marker shape={marker} x={13} y={4} colour={colour} />
    </svg>
  );
}
