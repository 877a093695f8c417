/** @file .npy files, against bytes written by NumPy 2.4. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { npyBytes, parsedNpy } from './npy.js';

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const hex = (digits: string) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** A file of version 1 with the given dictionary and data. */
const file = (dictionary: string, data: Uint8Array) =>
  joined(
    hex('934e554d50590100'),
    Uint8Array.of(dictionary.length & 255, dictionary.length >> 8),
    ascii(dictionary),
    data,
  );

/** A dictionary as NumPy writes it. */
const header = (descr: string, order: string, shape: string) =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

// np.save(f, np.array([[1, 2, 3], [4, 5, 6.5]], '<f4'))
const NUMPY_FLOAT32 = joined(
  hex('934e554d505901007600'),
  ascii(`${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117)}\n`),
  hex('0000803f0000004000004040000080400000a0400000d040'),
);
// np.lib.format.write_array(f, np.array([1, -2], '<i8'), version=(2, 0))
const NUMPY_INT64_V2 = joined(
  hex('934e554d5059020074000000'),
  ascii(`${"{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }".padEnd(115)}\n`),
  hex('0100000000000000feffffffffffffff'),
);

describe('npyBytes(data, shape)', () => {
  it('writes the bytes NumPy writes', () => {
    expect(npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6.5), [2, 3])).toEqual(NUMPY_FLOAT32);
  });

  it('is read back, for every rank, from a view into a larger buffer', () => {
    const numbers = Float32Array.from({ length: 25 }, (_, i) => i / 3).subarray(1);
    for (const shape of [[24], [2, 3, 4], [1, 24, 1], [2, 1, 2, 1, 2, 3]]) {
      expect(parsedNpy(npyBytes(numbers, shape))).toEqual({ dtype: '<f4', shape, data: numbers.slice() });
    }
    expect(parsedNpy(npyBytes(Float32Array.of(7), []))).toEqual({ dtype: '<f4', shape: [], data: Float32Array.of(7) });
    expect(parsedNpy(npyBytes(new Float32Array(0), [0, 3])).shape).toEqual([0, 3]);
    expect(npyBytes(numbers, [24]).length % 64).toBe((24 * 4) % 64);
  });

  it('refuses a shape that is not that of the data', () => {
    for (const shape of [[5], [2, 2], [-2, -3], [1.5, 4]]) {
      expect(() => npyBytes(new Float32Array(6), shape)).toThrow(InputError);
    }
  });
});

describe('parsedNpy(bytes)', () => {
  it('reads what NumPy wrote', () => {
    expect(parsedNpy(NUMPY_FLOAT32).data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6.5));
    const version2 = { dtype: '<i8', shape: [2], data: BigInt64Array.of(1n, -2n) };
    expect(parsedNpy(NUMPY_INT64_V2)).toEqual(version2);
    expect(parsedNpy(NUMPY_INT64_V2.with(6, 3))).toEqual(version2);
    // Unaligned in a larger buffer.
    expect(parsedNpy(joined(Uint8Array.of(0), NUMPY_INT64_V2).subarray(1))).toEqual(version2);
  });

  it('reads float64 and uint8, keys in any order', () => {
    const float64 = file('{"shape": (1,), "fortran_order": False, "descr": "<f8"}', hex('000000000000f83f'));
    expect(parsedNpy(float64)).toEqual({ dtype: '<f8', shape: [1], data: Float64Array.of(1.5) });
    const uint8 = file("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", Uint8Array.of(1, 2, 255));
    expect(parsedNpy(uint8)).toEqual({ dtype: '|u1', shape: [3], data: Uint8Array.of(1, 2, 255) });
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['another format', ascii('PK\x03\x04 and so on and on')],
    ['an unknown version', NUMPY_FLOAT32.with(6, 4)],
    ['a truncated header', NUMPY_FLOAT32.slice(0, 40)],
    ['truncated data', NUMPY_FLOAT32.slice(0, -1)],
    ['trailing data', joined(NUMPY_FLOAT32, Uint8Array.of(0))],
    ['a gigantic header', joined(hex('934e554d50590200ffffffff'), new Uint8Array(100))],
    ['big-endian numbers', file(header('>f4', 'False', '(1,)'), new Uint8Array(4))],
    ['objects', file(header('|O', 'False', '(1,)'), new Uint8Array(8))],
    ['a name of every object', file(header('toString', 'False', '(1,)'), new Uint8Array(8))],
    ['column-major order', file(header('<f4', 'True', '(1, 1)'), new Uint8Array(4))],
    ['a negative size', file(header('<f4', 'False', '(-1,)'), new Uint8Array(4))],
    ['a size beyond all memory', file(header('<f4', 'False', `(${'9'.repeat(400)},)`), new Uint8Array(4))],
    ['sizes that cancel', file(header('<f4', 'False', `(${'9'.repeat(400)}, 0)`), new Uint8Array(0))],
    ['too many sizes', file(header('<f4', 'False', `(${'1, '.repeat(40)})`), new Uint8Array(4))],
    ['no shape', file("{'descr': '<f4', 'fortran_order': False}", new Uint8Array(4))],
    ['a record type', file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", new Uint8Array(4))],
  ])('refuses %s in one line that names the file', (_, bytes) => {
    expect(() => parsedNpy(bytes, 'maps.npy')).toThrow(InputError);
    expect(() => parsedNpy(bytes, 'maps.npy')).toThrow(/^maps\.npy: expected .{1,150}$/);
  });
});
