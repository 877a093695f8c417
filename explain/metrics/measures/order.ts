/** @file Positions in the order of their values. */

/** Bits of a position: with the 32 of a value they fit into the 53 of a float64. */
const POSITION_BITS = 21;
const POSITIONS = 2 ** POSITION_BITS;

/**
 * The positions of values in ascending or descending order; equal values keep the order of their positions. Value and position
 * are sorted as one number, which takes a tenth of the time of a comparing function.
 * @param values finite
 */
export function orderOf(values: Float32Array, direction: 'ascending' | 'descending'): Uint32Array {
  const sign = direction === 'ascending' ? 1 : -1;
  if (values.length > POSITIONS) {
    const difference = (a: number, b: number) => sign * ((values[a] as number) - (values[b] as number)) || a - b;
    return Uint32Array.from(values.keys()).sort(difference);
  }
  // Adding 0 makes 0 of −0. The bits of a float32 grow with it if it is positive, else they shrink.
  const bits = new Uint32Array(values.map((value) => sign * value + 0).buffer);
  const keys = new Float64Array(values.length);
  for (let at = 0; at < keys.length; at++) {
    const own = bits[at] as number;
    const rank = own >= 0x80000000 ? 0xffffffff - own : own + 0x80000000;
    keys[at] = rank * POSITIONS + at;
  }
  keys.sort();
  return Uint32Array.from(keys, (key) => key % POSITIONS);
}
