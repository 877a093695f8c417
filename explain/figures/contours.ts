/** @file Contour lines of a map, drawn on its picture. */
import type { PlacedMap } from '../maps/shown/placement.js';
import type { PaletteName } from './names.js';
import { paletteColour } from './palette.js';

/** Lines at a quarter, a half and three quarters of the map's range; on both sides of 0 for signed maps. */
const LEVELS = 4;
/** Pictures have this many times a line's width on their shorter side. */
const LINES = 80;
/** Lines have a white edge where there is room for one, so that they can be seen on any picture. */
const EDGE = [255, 255, 255] as const;

/**
 * Draws lines where the map crosses its levels, in the palette's colour for the level.
 * @param data RGB pixels of the whole picture, changed in place
 */
export function drawContours(data: Uint8Array, pictureWidth: number, map: PlacedMap, palette: PaletteName): void {
  const { left, top, width, height } = map;
  const thickness = Math.max(1, Math.round(Math.min(width, height) / LINES));
  const edge = thickness > 1 ? Math.ceil(thickness / 2) : 0;
  const spots = [...crossings(map)];
  const dab = (x: number, y: number, around: number, colour: readonly number[]) => {
    for (let dy = Math.max(0, y - around); dy < Math.min(height, y + thickness + around); dy++) {
      for (let dx = Math.max(0, x - around); dx < Math.min(width, x + thickness + around); dx++) {
        data.set(colour, 3 * ((top + dy) * pictureWidth + left + dx));
      }
    }
  };
  if (edge > 0) for (const { x, y } of spots) dab(x, y, edge, EDGE);
  const colours = new Map(spots.map(({ level }) => [level, paletteColour(palette, level / LEVELS)]));
  for (const { x, y, level } of spots) dab(x, y, 0, colours.get(level) as readonly number[]);
}

/** The positions after which the map is on another level, to the right or below, with the level that is farther from 0. */
function* crossings({ width, height, data }: PlacedMap): Generator<{ x: number; y: number; level: number }> {
  const levels = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    levels[i] = Math.max(1 - LEVELS, Math.min(LEVELS - 1, Math.trunc(LEVELS * (data[i] as number))));
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const own = levels[y * width + x] as number;
      const right = x + 1 < width ? (levels[y * width + x + 1] as number) : own;
      const below = y + 1 < height ? (levels[(y + 1) * width + x] as number) : own;
      if (own === right && own === below) continue;
      yield { x, y, level: [own, right, below].reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)) };
    }
  }
}
