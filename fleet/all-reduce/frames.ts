/** @file Messages on a pipe: four letters, the number of bytes that follow, and those bytes. */

/** Letters and length. */
export const HEADER_BYTES = 12;

/** A message. */
export interface Frame {
  kind: string;
  data: Uint8Array<ArrayBuffer>;
}

/** The header of a message: letters, then the length as an unsigned number of 64 bits, little-endian. */
export function frameHeader(kind: string, size: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(kind, 0, 4, 'latin1');
  header.writeBigUInt64LE(BigInt(size), 4);
  return header;
}

/** Puts messages together from what a pipe delivers in any portions. */
export class FrameReader {
  readonly #maxBytes: (kind: string) => number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #frame: Frame | undefined;
  #filled = 0;

  /** @param maxBytes the most that a message of this kind may have; below 0 for a kind that is not expected */
  constructor(maxBytes: (kind: string) => number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes in a portion. @returns the messages that it completes @throws Error for a message that is not expected */
  push(portion: Uint8Array): Frame[] {
    const complete: Frame[] = [];
    for (let rest = portion; ;) {
      if (!this.#frame) {
        const part = rest.subarray(0, HEADER_BYTES - this.#headerBytes);
        this.#header.set(part, this.#headerBytes);
        this.#headerBytes += part.length;
        rest = rest.subarray(part.length);
        if (this.#headerBytes < HEADER_BYTES) return complete;
        this.#frame = this.#begun();
      }
      const { data } = this.#frame;
      const part = rest.subarray(0, data.length - this.#filled);
      data.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled < data.length) return complete;
      complete.push(this.#frame);
      this.#frame = undefined;
      [this.#headerBytes, this.#filled] = [0, 0];
      if (rest.length === 0) return complete;
    }
  }

  #begun(): Frame {
    const kind = this.#header.toString('latin1', 0, 4);
    const size = this.#header.readBigUInt64LE(4);
    const most = this.#maxBytes(kind);
    if (most < 0) throw new Error(`the message ${JSON.stringify(kind)} was not expected`);
    if (size > BigInt(most)) throw new Error(`${kind} of ${size} bytes: at most ${most} were expected`);
    return { kind, data: new Uint8Array(Number(size)) };
  }
}
