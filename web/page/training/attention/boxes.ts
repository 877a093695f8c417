/** @file Boxes around what should be looked at, and the share of the attention inside them. */
import { partsOf } from '../../engine/recipe.js';

/** A box on a picture, 0…1 from left and top. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Boxes by the picture that they are drawn on: `r0` for the first real one, `g0` for the first generated one. */
export type Boxes = Readonly<Record<string, Box>>;

/** A box is at least so wide and high. */
const LEAST = 0.04;

/** The boxes of a setting, such as `r0:0.1,0.2,0.5,0.6|g1:…`; what is none is left out. */
export function parsedBoxes(text: string): Boxes {
  const entries = partsOf(text, '|').flatMap((part) => {
    const [, key, numbers = ''] = /^([rg]\d+):(.*)$/.exec(part) ?? [];
    const [left, top, right, bottom] = numbers.split(',').map(Number) as [number, number, number, number];
    const isBox = [left, top, right, bottom].every((each) => each >= 0 && each <= 1) && right > left && bottom > top;
    return key !== undefined && isBox ? [[key, { left, top, right, bottom }] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** The text of boxes. */
export function boxesText(boxes: Boxes): string {
  const number = (value: number) => String(Number(value.toFixed(3)));
  return Object.entries(boxes)
    .map(([key, { left, top, right, bottom }]) => `${key}:${[left, top, right, bottom].map(number).join(',')}`)
    .join('|');
}

/** The box between two corners, inside the picture. */
export function boxBetween(a: { x: number; y: number }, b: { x: number; y: number }): Box {
  const [left, right] = span(a.x, b.x);
  const [top, bottom] = span(a.y, b.y);
  return { left, top, right, bottom };
}

function span(a: number, b: number): [number, number] {
  const from = Math.max(0, Math.min(a, b, 1 - LEAST));
  return [from, Math.min(1, Math.max(a, b, from + LEAST))];
}

/** The box moved, or with its lower right corner moved. */
export function movedBox(box: Box, x: number, y: number, isCorner: boolean): Box {
  if (isCorner)
    return boxBetween(
      { x: box.left, y: box.top },
      { x: Math.max(box.left + LEAST, box.right + x), y: Math.max(box.top + LEAST, box.bottom + y) },
    );
  const dx = Math.max(-box.left, Math.min(1 - box.right, x));
  const dy = Math.max(-box.top, Math.min(1 - box.bottom, y));
  return { left: box.left + dx, top: box.top + dy, right: box.right + dx, bottom: box.bottom + dy };
}

/** The share of a picture that a box covers. */
export const areaOf = ({ left, top, right, bottom }: Box): number => (right - left) * (bottom - top);

/**
 * The share of a map that is inside a box: the sum of its values there over the sum of all. A pixel counts by the part of it that
 * is inside. NaN for a map of zeros.
 * @param map values of at least 0 [height, width]
 */
export function shareInside(map: { values: Float32Array; width: number; height: number }, box: Box): number {
  const { values, width, height } = map;
  const [across, down] = [covered(width, box.left, box.right), covered(height, box.top, box.bottom)];
  let [inside, all] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = Math.max(0, values[y * width + x] as number);
      all += value;
      inside += value * (across[x] as number) * (down[y] as number);
    }
  }
  return all > 0 ? inside / all : Number.NaN;
}

/** For each of `size` pixels the part of it between two places, 0…1. */
function covered(size: number, from: number, to: number): number[] {
  return Array.from({ length: size }, (_, i) =>
    Math.max(0, Math.min(1, Math.min(to * size, i + 1) - Math.max(from * size, i))),
  );
}
