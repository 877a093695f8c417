import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { decodeBmp, isBmp } from './bmp.js';

/** Colours of a 3×2 picture, upper row first. */
const COLOURS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
  [0, 0, 0],
  [132, 66, 33],
] as const;

interface Made {
  bits: number;
  compression?: number;
  topDown?: boolean;
  /** Bytes of palette and masks. */
  tables?: number[];
  /** Bytes of pixels. */
  pixels: number[];
  width?: number;
  height?: number;
  /** Bytes between the headers and the pixels. */
  gap?: number;
}

function bmp({ bits, compression = 0, topDown = false, tables = [], pixels, width = 3, height = 2, gap = 0 }: Made) {
  const header = Buffer.alloc(54);
  header.write('BM');
  header.writeUInt32LE(54 + tables.length + gap, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(topDown ? -height : height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  return Buffer.concat([header, Buffer.from(tables), Buffer.alloc(gap), Buffer.from(pixels)]);
}

const palette = COLOURS.flatMap(([r, g, b]) => [b, g, r, 0]);
const full = (bits: number) => [...palette, ...Array.from({ length: 4 * 2 ** bits - palette.length }, () => 9)];
const bgr = (at: number) => COLOURS[at]?.toReversed() as number[];
const rgb555 = (at: number) => {
  const [r = 0, g = 0, b = 0] = COLOURS[at] ?? [];
  const value = ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3);
  return [value & 255, value >> 8];
};
const rgb565 = (at: number) => {
  const [r = 0, g = 0, b = 0] = COLOURS[at] ?? [];
  const value = ((r >> 3) << 11) | ((g >> 2) << 5) | (b >> 3);
  return [value & 255, value >> 8];
};
const le = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];

const lower = [3, 4, 5];
const upper = [0, 1, 2];
const kinds: [string, Made][] = [
  ['24 bits', { bits: 24, pixels: [...lower.flatMap(bgr), 0, 0, 0, ...upper.flatMap(bgr), 0, 0, 0] }],
  [
    '24 bits, top down',
    { bits: 24, topDown: true, pixels: [...upper.flatMap(bgr), 0, 0, 0, ...lower.flatMap(bgr), 0, 0, 0] },
  ],
  [
    '24 bits, pixels elsewhere',
    { bits: 24, gap: 10, pixels: [...lower.flatMap(bgr), 0, 0, 0, ...upper.flatMap(bgr), 0, 0, 0] },
  ],
  ['32 bits', { bits: 32, pixels: [...lower, ...upper].flatMap((at) => [...bgr(at), 7]) }],
  [
    '32 bits, red first',
    {
      bits: 32,
      compression: 3,
      tables: [0xff, 0xff00, 0xff0000].flatMap(le),
      pixels: [...lower, ...upper].flatMap((at) => [...(COLOURS[at] as readonly number[]), 7]),
    },
  ],
  ['16 bits', { bits: 16, pixels: [...lower.flatMap(rgb555), 0, 0, ...upper.flatMap(rgb555), 0, 0] }],
  [
    '16 bits, 5 6 5',
    {
      bits: 16,
      compression: 3,
      tables: [0xf800, 0x7e0, 0x1f].flatMap(le),
      pixels: [...lower.flatMap(rgb565), 0, 0, ...upper.flatMap(rgb565), 0, 0],
    },
  ],
  ['8 bits', { bits: 8, tables: full(8), pixels: [...lower, 0, ...upper, 0] }],
  [
    '8 bits, run lengths',
    { bits: 8, compression: 1, tables: full(8), pixels: [0, 3, 3, 4, 5, 0, 0, 0, 1, 0, 1, 1, 1, 2, 0, 1] },
  ],
  ['4 bits', { bits: 4, tables: full(4), pixels: [0x34, 0x50, 0, 0, 0x01, 0x20, 0, 0] }],
  [
    '4 bits, run lengths',
    { bits: 4, compression: 2, tables: full(4), pixels: [0, 3, 0x34, 0x50, 0, 0, 2, 0x01, 1, 0x20, 0, 1] },
  ],
];

describe('decodeBmp(bytes)', () => {
  it.each(kinds)('reads %s', (name, made) => {
    const bytes = bmp(made);
    expect(isBmp(bytes)).toBe(true);
    const { width, height, channels, data } = decodeBmp(bytes, 'a.bmp');
    expect([width, height, channels]).toEqual([3, 2, 3]);
    // Five bits hold 132, 66 and 33 to within a few levels.
    const close = name.startsWith('16') ? 4 : 0;
    COLOURS.flat().forEach((level, at) => expect(Math.abs((data[at] as number) - level)).toBeLessThanOrEqual(close));
  });

  it('reads 1 bit, also across bytes', () => {
    const tables = [0, 0, 0, 0, 255, 255, 255, 0];
    const { data } = decodeBmp(
      bmp({ bits: 1, tables, width: 10, height: 1, pixels: [0b10100000, 0b11000000, 0, 0] }),
      'a',
    );
    expect(Array.from({ length: 10 }, (_, x) => data[3 * x])).toEqual([255, 0, 255, 0, 0, 0, 0, 0, 255, 255]);
  });

  it.each<[string, Uint8Array, string]>([
    ['cut off', bmp({ bits: 24, pixels: [1, 2, 3] }), 'the file is cut off'],
    [
      'cut off in its run lengths',
      bmp({ bits: 8, compression: 1, tables: full(8), pixels: [0, 40, 1] }),
      'the file is cut off',
    ],
    ['huge', bmp({ bits: 24, width: 2e6, height: 2e6, pixels: [] }), '2000000×2000000 pixels'],
    ['empty', bmp({ bits: 24, width: 0, pixels: [] }), 'a size of 0×2'],
    ['of two bits', bmp({ bits: 2, pixels: [] }), '2 bits per pixel'],
    ['a JPEG inside', bmp({ bits: 24, compression: 4, pixels: [] }), 'compression 4 of 24 bits'],
    ['no header', Buffer.concat([Buffer.from('BM'), Buffer.alloc(26)]), 'the file is cut off'],
  ])('refuses a bitmap that is %s', (_, bytes, reason) => {
    expect(() => decodeBmp(bytes, 'a.bmp')).toThrow(InputError);
    expect(() => decodeBmp(bytes, 'a.bmp')).toThrow(
      `a.bmp: expected a bitmap of at most 100000000 pixels; got an error (${reason})`,
    );
  });
});
