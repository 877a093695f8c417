/** @file Damaged copies of files: bytes and texts changed at random, always the same for the same seed. */
import type { Random } from '../inference/numeric/random.js';

/** A whole number of 0…count − 1. */
export function below(random: Random, count: number): number {
  return Math.floor(random.uniform() * count);
}

/** One of the items. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)] as T;
}

/** Bytes that are often at the edge of what a reader expects. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

const spliced = (bytes: Uint8Array, at: number, cut: number, put: Uint8Array): Uint8Array =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);

const changes: readonly Change[] = [
  (bytes, random) => spliced(bytes, below(random, bytes.length), 1, Uint8Array.of(below(random, 256))),
  (bytes, random) => spliced(bytes, below(random, bytes.length), 1, Uint8Array.of(oneOf(random, EDGES))),
  (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  (bytes, random) => spliced(bytes, below(random, bytes.length), below(random, 16), new Uint8Array()),
  (bytes, random) => {
    const at = below(random, bytes.length);
    return spliced(bytes, at, 0, bytes.subarray(at, at + 1 + below(random, 64)));
  },
  (bytes, random) => {
    const from = below(random, bytes.length);
    return spliced(bytes, below(random, bytes.length), 0, bytes.subarray(from, from + 1 + below(random, 64)));
  },
  (bytes, random) => {
    const width = oneOf(random, [2, 4, 8]);
    return spliced(bytes, below(random, bytes.length), width, new Uint8Array(width).fill(oneOf(random, EDGES)));
  },
];

/** How many changes a file gets: mostly one, so that what is behind the first check is reached too. */
export function changeCount(random: Random): number {
  return random.uniform() < 0.6 ? 1 : 2 + below(random, 6);
}

/** The bytes with some changes. */
export function mutatedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = bytes;
  for (let left = changeCount(random); left > 0 && changed.length > 0; left--) {
    changed = oneOf(random, changes)(changed, random);
  }
  return changed;
}

/** Values that readers of JSON, YAML and lists of numbers may not expect. */
const WORDS = [
  'null',
  '-1',
  '1e300',
  '1e-300',
  'NaN',
  '[]',
  '{}',
  '""',
  'true',
  '0x10',
  '9007199254740993',
  '&a',
  '*a',
  '!!js',
  '\u0000',
  '\u001B[2J',
];

/** The text with numbers, words and signs exchanged for others; sometimes damaged as bytes are. */
export function mutatedText(bytes: Uint8Array, random: Random): Uint8Array {
  const parts = Buffer.from(bytes)
    .toString()
    .split(/(\d+(?:\.\d+)?|"[^"]*"|[A-Za-z_]\w*|[{}[\]:,\n])/);
  for (let left = changeCount(random); left > 0; left--) {
    const at = below(random, parts.length);
    const put = random.uniform() < 0.6 ? oneOf(random, WORDS) : oneOf(random, parts);
    parts.splice(at, below(random, 2), put);
  }
  const text = Buffer.from(parts.join(''));
  return random.uniform() < 0.3 ? mutatedBytes(text, random) : text;
}
