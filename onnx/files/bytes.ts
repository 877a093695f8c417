/** @file Joining bytes that arrive in parts, in Node and in browsers. */

/** All parts in one array with a buffer of its own. @param size their lengths together */
export function joinedBytes(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
