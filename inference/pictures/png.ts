/** @file PNG files without their texts, which a decoder would unpack whatever their size. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt']);
/** Of a chunk: length, type and checksum. */
const FRAME_BYTES = 12;

/** The file without text chunks; the same bytes where it has none, is no PNG, or ends within a chunk. */
export function withoutPngTexts(bytes: Uint8Array): Uint8Array {
  if (!SIGNATURE.every((byte, at) => bytes[at] === byte)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [];
  let [start, at, found] = [0, SIGNATURE.length, false];
  while (at + FRAME_BYTES <= bytes.length) {
    const end = at + FRAME_BYTES + view.getUint32(at);
    if (end > bytes.length) break;
    if (TEXTS.has(String.fromCharCode(...bytes.subarray(at + 4, at + 8)))) {
      if (start < at) kept.push(bytes.subarray(start, at));
      [start, found] = [end, true];
    }
    at = end;
  }
  return found ? joined([...kept, bytes.subarray(start)]) : bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
