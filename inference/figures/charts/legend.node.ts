/** @file Legends: a sample of each line or bar with its name, in rows. */
import type { SKRSContext2D } from 'canvas';
import { drawPoint } from 'chart.js/helpers';
import { light, type Marker } from '../theme.js';

/** What a legend says of a line or of bars. */
export interface LegendEntry {
  label: string;
  colour: string;
  /** `line`: as in the plot; `bar`: a filled box. */
  kind: 'line' | 'bar';
  /** Lengths of dashes and gaps. */
  dash?: readonly number[];
  marker?: Marker;
}

/** A legend with the place of each entry, relative to its upper left corner. */
export interface Legend {
  height: number;
  entries: readonly (LegendEntry & { x: number; y: number })[];
}

/** Widths of the samples. */
const SAMPLE = { line: 26, bar: 14 } as const;
const [SPACE, BETWEEN, ROW] = [6, 16, 20];
const MARKER_RADIUS = 4;

/** The legend in rows of at most `width` layout pixels. */
export function legendOf(entries: readonly LegendEntry[], width: number, font: string, context: SKRSContext2D): Legend {
  context.font = font;
  let [x, y] = [0, 0];
  const placed = entries.map((entry) => {
    const length = SAMPLE[entry.kind] + SPACE + context.measureText(entry.label).width;
    if (x > 0 && x + length > width) [x, y] = [0, y + ROW];
    const place = { ...entry, x, y };
    x += length + BETWEEN;
    return place;
  });
  return { entries: placed, height: placed.length === 0 ? 0 : y + ROW };
}

/** Draws a legend with its upper left corner at (left, top). */
export function drawLegend(context: SKRSContext2D, { entries }: Legend, left: number, top: number, font: string): void {
  context.save();
  context.font = font;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const { label, colour, kind, dash = [], marker, ...place } of entries) {
    const [x, y] = [left + place.x, top + place.y + ROW / 2];
    context.strokeStyle = colour;
    context.fillStyle = colour;
    if (kind === 'bar') {
      context.fillRect(x, y - 6, SAMPLE.bar, 12);
    } else {
      context.lineWidth = 2;
      context.setLineDash([...dash]);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + SAMPLE.line, y);
      context.stroke();
      context.setLineDash([]);
      if (marker) drawMarker(context, marker, x + SAMPLE.line / 2, y);
    }
    context.fillStyle = light.ink;
    context.fillText(label, x + SAMPLE[kind] + SPACE, y);
  }
  context.restore();
}

function drawMarker(context: SKRSContext2D, pointStyle: Marker, x: number, y: number): void {
  const options = { pointStyle, radius: MARKER_RADIUS, borderWidth: 1, rotation: 0 };
  // The types of chart.js ask for the context of a browser.
  drawPoint(context as unknown as CanvasRenderingContext2D, options, x, y);
}
