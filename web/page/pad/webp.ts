/**
 * @file An animated WebP file of still ones. Browsers encode stills only; an animation is their image data in frames
 * (WebP Container Specification, "Animation").
 */
import { joinedBytes } from '../../../onnx/files/bytes.js';

/** The parts of a still file that are its image: lossy or lossless, and the opacity of a lossy one. */
const IMAGE = new Set(['VP8 ', 'VP8L', 'ALPH']);
/** Flag of an animation in the header of extended files. */
const ANIMATION = 0b10;

/**
 * The file.
 * @param stills WebP files of the same size
 * @param duration milliseconds of each
 * @throws Error if a file is no WebP file
 */
export function animatedWebp(
  stills: readonly Uint8Array[],
  width: number,
  height: number,
  duration: number,
): Uint8Array {
  const header = part('VP8X', Uint8Array.from([ANIMATION, 0, 0, 0, ...number24(width - 1), ...number24(height - 1)]));
  // A transparent background, and an endless loop.
  const animation = part('ANIM', new Uint8Array(6));
  const frames = stills.map((still) => {
    const place = [...number24(0), ...number24(0), ...number24(width - 1), ...number24(height - 1)];
    // Each frame replaces the one before.
    const head = Uint8Array.from([...place, ...number24(duration), 0b10]);
    return part('ANMF', joined([head, ...imageParts(still)]));
  });
  const content = joined([text('WEBP'), header, animation, ...frames]);
  return joined([text('RIFF'), number32(content.length), content]);
}

/** The parts of a still file that are its image, each with its header. */
function imageParts(still: Uint8Array): Uint8Array[] {
  const name = (at: number) => String.fromCharCode(...still.subarray(at, at + 4));
  if (name(0) !== 'RIFF' || name(8) !== 'WEBP') throw new Error('this browser cannot write WebP files');
  const view = new DataView(still.buffer, still.byteOffset, still.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 12; at + 8 <= still.length;) {
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size + (size % 2);
    if (IMAGE.has(name(at))) parts.push(still.subarray(at, end));
    at = end;
  }
  return parts;
}

/** A part with its name and length, of an even number of bytes. */
function part(name: string, data: Uint8Array): Uint8Array {
  return joined([text(name), number32(data.length), data, new Uint8Array(data.length % 2)]);
}

const text = (name: string) => Uint8Array.from(name, (letter) => letter.charCodeAt(0));
const number24 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255];
const number32 = (value: number) => Uint8Array.from([...number24(value), (value >>> 24) & 255]);

const joined = (parts: readonly Uint8Array[]) =>
  joinedBytes(
    parts,
    parts.reduce((sum, { length }) => sum + length, 0),
  );
