import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture } from './pictures.node.js';

/** A grey TIFF file of 2×1 pixels, little-endian, without compression. @param samples 2 with opacity */
function tiff(data: Uint16Array | Float32Array, samples: 1 | 2 = 1): Uint8Array {
  const isFloat = data instanceof Float32Array;
  // Two values of 16 bits stand side by side.
  const each = (value: number) => (samples === 1 ? value : value * 0x1_00_01);
  const fields = [
    [256, 2],
    [257, 1],
    [258, each(8 * data.BYTES_PER_ELEMENT), samples],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, samples],
    [278, 1],
    [279, data.byteLength],
    ...(samples === 2 ? [[338, 2] as const] : []),
    [339, each(isFloat ? 3 : 1), samples],
  ] as const;
  const start = 8 + data.byteLength;
  const bytes = new Uint8Array(start + 2 + 12 * fields.length + 4);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, start, true);
  bytes.set(new Uint8Array(data.buffer), 8);
  view.setUint16(start, fields.length, true);
  fields.forEach(([tag, value, count = 1], at) => {
    const field = start + 2 + 12 * at;
    view.setUint16(field, tag, true);
    // One LONG, or two SHORTs
    view.setUint16(field + 2, count === 1 ? 4 : 3, true);
    view.setUint32(field + 4, count, true);
    view.setUint32(field + 8, value, true);
  });
  return bytes;
}

const levels = async (bytes: Uint8Array) => {
  const { data } = await decodePicture(bytes);
  return [data[0], data[3]];
};

/** A PNG file of grey that says how many bits are significant. */
function significant(png: Uint8Array, bits: number): Uint8Array {
  const typed = Buffer.from([...Buffer.from('sBIT'), bits]);
  const chunk = Buffer.alloc(typed.length + 8);
  chunk.writeUInt32BE(1, 0);
  chunk.set(typed, 4);
  chunk.writeUInt32BE(crc32(typed), chunk.length - 4);
  // Behind the header.
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}

describe('decodePicture(tiff)', () => {
  test('scales integers by the fewest bits that hold them', async () => {
    expect(await levels(tiff(Uint16Array.of(0, 4095)))).toEqual([0, 255]);
    expect(await levels(tiff(Uint16Array.of(2048, 4000)))).toEqual([128, 249]);
    expect(await levels(tiff(Uint16Array.of(0, 65_535)))).toEqual([0, 255]);
  });

  test('of a PNG file of 16 bits too, in grey and in colours', async () => {
    const png = async (values: Uint16Array, channels: 1 | 3) =>
      sharp(values, { raw: { width: 2, height: 1, channels } })
        .toColourspace(channels === 1 ? 'grey16' : 'rgb16')
        .png()
        .toBuffer();
    expect(await levels(await png(Uint16Array.of(2048, 4095), 1))).toEqual([128, 255]);
    expect(await levels(await png(Uint16Array.of(0, 65_535), 1))).toEqual([0, 255]);
    const { data } = await decodePicture(await png(Uint16Array.of(0, 1023, 512, 256, 0, 128), 3));
    expect([...data]).toEqual([0, 255, 128, 64, 0, 32]);
  });

  test('leaves a dark PNG picture of 16 bits dark', async () => {
    const png = async (...values: number[]) =>
      sharp(Uint16Array.from(values), { raw: { width: 2, height: 1, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer();
    // 15 and 60 of 255.
    expect(await levels(await png(3840, 15_420))).toEqual([15, 60]);
    // Levels of 8 bits, 5 and 15.
    expect(await levels(await png(1285, 3855))).toEqual([5, 15]);
    // The same numbers as above, with 16 significant bits.
    const plain = await png(2048, 4095);
    expect(await levels(significant(plain, 16))).toEqual([8, 15]);
    expect(await levels(plain)).toEqual([128, 255]);
  });

  test('of a PNG file with transparency, drawn on white', async () => {
    const png = async (values: Uint16Array, channels: 2 | 4) =>
      decodePicture(
        await sharp(values, { raw: { width: 2, height: 1, channels } })
          .toColourspace(channels === 2 ? 'grey16' : 'rgb16')
          .png()
          .toBuffer(),
      );
    expect([...(await png(Uint16Array.of(2048, 4095, 4095, 4095), 2)).data]).toEqual([128, 128, 128, 255, 255, 255]);
    // Half of it over black.
    expect((await png(Uint16Array.of(0, 2048, 4095, 4095), 2)).data[0]).toBe(127);
    // A hidden colour does not count.
    const { data } = await png(Uint16Array.of(0, 1023, 512, 1023, 65_535, 65_535, 65_535, 0), 4);
    expect([...data]).toEqual([0, 255, 128, 255, 255, 255]);
    // What is opaque with 16 bits has colours of 16 bits, dark as they may be.
    expect((await png(Uint16Array.of(2048, 65_535, 4095, 65_535), 2)).data[0]).toBe(8);
    expect((await png(Uint16Array.of(32_768, 65_535, 0, 65_535), 2)).data[0]).toBe(128);
  });

  test('of a TIFF file with transparency too: of integers as deep as the colours, of floats of 0…1', async () => {
    expect(await levels(tiff(Uint16Array.of(2048, 4095, 4095, 4095), 2))).toEqual([128, 255]);
    expect(await levels(tiff(Float32Array.of(0.5, 1, 0.25, 1), 2))).toEqual([128, 64]);
    // Floats of 0…255, the second half seen over black.
    expect(await levels(tiff(Float32Array.of(51, 1, 0, 0.5), 2))).toEqual([51, 128]);
    expect(await levels(tiff(Float32Array.of(51, 255, 204, 255), 2))).toEqual([51, 204]);
    expect(await levels(tiff(Uint16Array.of(0, 65_535, 65_535, 65_535), 2))).toEqual([0, 255]);
  });

  test('scales floats of 0…1, and refuses those whose white is not known', async () => {
    expect(await levels(tiff(Float32Array.of(0.5, 1)))).toEqual([128, 255]);
    await expect(levels(tiff(Float32Array.of(-1, 1)))).rejects.toThrow('got -1…1');
    await expect(levels(tiff(Float32Array.of(0, 1e6)))).rejects.toThrow('float numbers of 0…1');
    for (const values of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [Number.POSITIVE_INFINITY, 0],
    ])
      await expect(levels(tiff(Float32Array.from(values)))).rejects.toThrow('float numbers that are finite');
  });
});
