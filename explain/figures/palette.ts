/** @file The colours of heatmaps: a table of palettes. */
import {
  interpolateCividis,
  interpolateInferno,
  interpolateMagma,
  interpolateRdBu,
  interpolateTurbo,
  interpolateViridis,
} from 'd3-scale-chromatic';
import type { PaletteName } from './names.js';

/** A palette. */
interface Palette {
  /** 256 colours from the least to the largest value, [256, 3] bytes. */
  table: Uint8Array;
  /** Whether the middle is zero, for maps of −1…1; other palettes are for maps of 0…1. */
  signed?: true;
}

function clamped(value: number): number {
  return Math.min(255, Math.max(0, value));
}

/**
 * OpenCV's table for 0…255, in RGB order. Each channel is a trapezoid with ramps of 4 levels per step.
 * OpenCV stores the table as decimal fractions (class `Jet` in modules/imgproc/src/colormap.cpp). Blue of entry 159 is just
 * below 1.5/255 there, so it rounds to 1 instead of 2.
 */
const JET = Uint8Array.from({ length: 256 * 3 }, (_, at) => {
  const i = Math.floor(at / 3);
  const channel = at % 3;
  if (channel === 0) return clamped(i < 160 ? 4 * (i - 96) + 2 : 4 * (287 - i));
  if (channel === 1) return clamped(i < 128 ? 4 * (i - 32) : 4 * (223 - i));
  if (i === 159) return 1;
  return clamped(i < 96 ? 4 * i + 128 : 4 * (159 - i) + 2);
});

/** The table of a function that maps 0…1 to a CSS colour, `#rrggbb` or `rgb(r, g, b)`. */
function tableOf(colour: (value: number) => string): Uint8Array {
  return Uint8Array.from(
    Array.from({ length: 256 }, (_, i) => colour(i / 255)).flatMap((css) =>
      css.startsWith('#')
        ? [1, 3, 5].map((at) => Number.parseInt(css.slice(at, at + 2), 16))
        : (css.match(/\d+/g) ?? []).map(Number),
    ),
  );
}

/** All palettes by name. */
export const palettes = {
  /** OpenCV's COLORMAP_JET, as in the CUB-200 report and pytorch-grad-cam. */
  jet: { table: JET },
  /** Mikhailov 2019: jet with even steps of brightness. */
  turbo: { table: tableOf(interpolateTurbo) },
  /** Matplotlib's default: brightness rises evenly, also for colour-blind readers and in black and white. */
  viridis: { table: tableOf(interpolateViridis) },
  /** Matplotlib's, from black over purple and orange to pale yellow, as even as viridis. */
  magma: { table: tableOf(interpolateMagma) },
  /** Matplotlib's, from black over red to yellow, as even as viridis. */
  inferno: { table: tableOf(interpolateInferno) },
  /** Nuñez et al. 2018, by d3's polynomials: blue to yellow, nearly the same for colour-blind readers. */
  cividis: { table: tableOf(interpolateCividis) },
  /** ColorBrewer's RdBu: blue is evidence against the target, white is none, red is evidence for it. */
  diverging: { table: tableOf((value) => interpolateRdBu(1 - value)), signed: true },
} as const satisfies Record<PaletteName, Palette>;

/** Whether a palette shows signed maps, −1…1. */
export function isSigned(name: PaletteName): boolean {
  return 'signed' in palettes[name];
}

/**
 * The entry of the table for a value in float32, truncated as in
 * `cv2.applyColorMap(np.uint8(255 * value), cv2.COLORMAP_JET)`.
 * @param value 0…1, or −1…1 for a signed palette; values outside get the nearer end
 * @returns 0…255
 */
export function paletteEntry(value: number, signed: boolean): number {
  const share = signed ? (value + 1) / 2 : value;
  return Math.trunc(clamped(Math.fround(255 * Math.fround(share))));
}

/** The colour of that entry. @returns [red, green, blue], each 0…255 */
export function paletteColour(name: PaletteName, value: number): [number, number, number] {
  const entry = 3 * paletteEntry(value, isSigned(name));
  const { table } = palettes[name];
  return [table[entry] ?? 0, table[entry + 1] ?? 0, table[entry + 2] ?? 0];
}
