/** @file PNG files without their texts, which a decoder would unpack whatever their size. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** The four letters of a chunk's type as one number. */
const typeOf = (letters: string) => [...letters].reduce((sum, letter) => sum * 256 + letter.charCodeAt(0), 0);
const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt'].map(typeOf));
const LAST = typeOf('IEND');
/** Of a chunk: length, type and checksum. */
const FRAME_BYTES = 12;

/** The file without text chunks; the same bytes where it has none, is no PNG, or ends within a chunk. */
export function withoutPngTexts(bytes: Uint8Array): Uint8Array {
  if (!SIGNATURE.every((byte, at) => bytes[at] === byte)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let kept: Uint8Array | undefined;
  let [length, start] = [0, 0];
  const keep = (end: number) => {
    // A large file may hold millions of chunks.
    kept ??= new Uint8Array(bytes.length);
    kept.set(bytes.subarray(start, end), length);
    length += end - start;
  };
  for (let at = SIGNATURE.length; at + FRAME_BYTES <= bytes.length;) {
    const type = view.getUint32(at + 4);
    const end = at + FRAME_BYTES + view.getUint32(at);
    // Decoders refuse what is no chunk, and ignore what follows the last.
    if (end > bytes.length || type === LAST || !isType(type)) break;
    if (TEXTS.has(type)) {
      keep(at);
      start = end;
    }
    at = end;
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
