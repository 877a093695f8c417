/** @file Chunks of PNG files: which ones a file has, and the file without its texts, which a decoder would unpack whatever their size. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** The four letters of a chunk's type as one number. */
const typeOf = (letters: string) => [...letters].reduce((sum, letter) => sum * 256 + letter.charCodeAt(0), 0);
const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt'].map(typeOf));
const SIGNIFICANT = typeOf('sBIT');
const DATA = typeOf('IDAT');
const LAST = typeOf('IEND');
/** Of a chunk: length, type and checksum. */
const FRAME_BYTES = 12;

/** The chunks before the last, as far as they are whole; none of a file that is no PNG. */
function* chunksOf(bytes: Uint8Array): Generator<{ type: number; start: number; end: number }> {
  if (!SIGNATURE.every((byte, at) => bytes[at] === byte)) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = SIGNATURE.length; start + FRAME_BYTES <= bytes.length;) {
    const type = view.getUint32(start + 4);
    const end = start + FRAME_BYTES + view.getUint32(start);
    // Decoders refuse what is no chunk, and ignore what follows the last.
    if (end > bytes.length || type === LAST || !isType(type)) return;
    yield { type, start, end };
    start = end;
  }
}

/** Whether a PNG file says how many bits of its numbers are significant: then they fill its depth, as the format wants it. */
export function hasSignificantBits(bytes: Uint8Array): boolean {
  for (const { type } of chunksOf(bytes)) {
    if (type === SIGNIFICANT) return true;
    if (type === DATA) return false;
  }
  return false;
}

/** The file without text chunks; the same bytes where it has none, is no PNG, or ends within a chunk. */
export function withoutPngTexts(bytes: Uint8Array): Uint8Array {
  let kept: Uint8Array | undefined;
  let [length, from] = [0, 0];
  const keep = (end: number) => {
    // A large file may hold millions of chunks.
    kept ??= new Uint8Array(bytes.length);
    kept.set(bytes.subarray(from, end), length);
    length += end - from;
  };
  for (const { type, start, end } of chunksOf(bytes)) {
    if (!TEXTS.has(type)) continue;
    keep(start);
    from = end;
  }
  if (kept === undefined) return bytes;
  keep(bytes.length);
  return kept.subarray(0, length);
}

/** Whether a number is four letters of ASCII. */
function isType(type: number): boolean {
  for (let byte = 0; byte < 4; byte++) {
    const letter = (type >>> (8 * byte)) & 0xdf;
    if (letter < 0x41 || letter > 0x5a) return false;
  }
  return true;
}
