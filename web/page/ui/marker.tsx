/** @file Markers that tell the lines of a chart apart, in the shapes that plots have. */
import { type Marker as Shape } from '../../../inference/figures/theme.js';

/** Outlines around (0, 0); those that are open are drawn as lines. */
const paths: Record<Shape, string> = {
  circle: 'M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z',
  triangle: 'M0-3.6L3.4 2.4H-3.4z',
  rect: 'M-2.7-2.7H2.7V2.7H-2.7z',
  rectRot: 'M0-3.8L3.8 0L0 3.8L-3.8 0z',
  star: 'M-3.5 0H3.5M0-3.5V3.5M-2.5-2.5L2.5 2.5M-2.5 2.5L2.5-2.5',
  cross: 'M-3.5 0H3.5M0-3.5V3.5',
  crossRot: 'M-2.8-2.8L2.8 2.8M-2.8 2.8L2.8-2.8',
};

/** A marker of a colour at a place. */
export function Marker({ shape, x, y, colour }: { shape: Shape; x: number; y: number; colour: string }) {
  return (
    <path
      class="marker"
      d={paths[shape]}
      transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
      style={{ stroke: colour, fill: colour }}
    />
  );
}
