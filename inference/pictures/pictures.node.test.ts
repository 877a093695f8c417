/** @file Picture files, made on the fly by sharp. */
import { crc32 } from 'node:zlib';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { decodePicture, encodeAnimation, encodePng } from './pictures.node.js';
import type { Picture } from './pictures.js';

/** A sharp picture of `channels` whose pixel at (x, y) is `pixel(x, y)`. */
function drawn(width: number, height: number, channels: 1 | 2 | 3 | 4, pixel: (x: number, y: number) => number[]) {
  const data = Array.from({ length: width * height }, (_, i) => pixel(i % width, Math.floor(i / width))).flat();
  return sharp(Uint8Array.from(data), { raw: { width, height, channels } });
}
const pixelOf = (picture: Picture, x: number, y = 0) =>
  Array.from({ length: 3 }, (_, c) => picture.data[3 * (y * picture.width + x) + c]);
const photo = drawn(200, 150, 3, (x, y) => [(x * y) % 256, x, y]);
/** Five flat 16×12 frames of grey 0, 40, … 160. */
const flatFrames = (channels: 1 | 3) =>
  Array.from({ length: 5 }, (_, i): Picture => ({
    width: 16,
    height: 12,
    channels,
    data: new Uint8Array(16 * 12 * channels).fill(40 * i),
  }));

describe('decodePicture(source)', () => {
  it('reads a file by path, RGB as it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ganscope-'));
    const path = join(folder, 'dot.png');
    await writeFile(
      path,
      await drawn(2, 1, 3, (x) => [10, 20, 30 + x])
        .png()
        .toBuffer(),
    );
    expect(await decodePicture(path)).toEqual({
      width: 2,
      height: 1,
      channels: 3,
      data: Uint8Array.of(10, 20, 30, 10, 20, 31),
    });
    await rm(folder, { recursive: true });
  });

  it('converts CMYK to RGB', async () => {
    const file = await drawn(16, 16, 3, () => [200, 30, 30])
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    expect((await sharp(file).metadata()).space).toBe('cmyk');
    const picture = await decodePicture(file);
    expect([picture.channels, picture.data.length]).toEqual([3, 768]);
    const [red = 0, green = 0, blue = 0] = pixelOf(picture, 5, 5);
    expect(Math.abs(red - 200)).toBeLessThan(15);
    expect(Math.max(green, blue)).toBeLessThan(60); // ink cannot show this red
  });

  it('converts CMYK by the profile in the file or a usual one, as Little CMS does, whether the file says that Adobe wrote it or not', async () => {
    const colours = [
      [200, 40, 40],
      [40, 160, 60],
      [30, 60, 150],
      [255, 255, 255],
      [20, 20, 20],
    ] as const;
    const drawing = drawn(5 * 32, 16, 3, (x) => [...(colours[Math.floor(x / 32)] as (typeof colours)[0])]);
    const quality = { quality: 100, chromaSubsampling: '4:4:4' };
    const plain = await drawing.clone().toColourspace('cmyk').jpeg(quality).toBuffer();
    const profiled = await drawing.clone().toColourspace('cmyk').withIccProfile('cmyk').jpeg(quality).toBuffer();
    // Colours of Little CMS 2 (Pillow's ImageCms, perceptual intent) for the inks of the two files.
    const expected = {
      plain: [200, 21, 18, 16, 158, 49, 15, 53, 134, 255, 255, 255, 10, 5, 0],
      profiled: [198, 34, 33, 33, 144, 54, 25, 58, 117, 255, 255, 255, 40, 38, 27],
    };
    const found = async (file: Uint8Array) => {
      const picture = await decodePicture(file);
      return colours.flatMap((_, at) => [...pixelOf(picture, 32 * at + 16, 8)]);
    };
    for (const [file, numbers] of [
      [plain, expected.plain],
      [withoutAdobe(plain), expected.plain],
      [profiled, expected.profiled],
      [withoutAdobe(profiled), expected.profiled],
    ] as const) {
      const largest = Math.max(
        ...(await found(file)).map((value, at) => Math.abs((value ?? Number.NaN) - (numbers[at] as number))),
      );
      expect(largest).toBeLessThanOrEqual(1);
    }
  });

  it('converts 16 bits and grey to 8-bit RGB', async () => {
    const deep = await drawn(2, 1, 3, (x) => [200, 30, x])
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect([...(await decodePicture(deep)).data]).toEqual([200, 30, 0, 200, 30, 1]);
    const grey16 = await drawn(1, 1, 1, () => [77])
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect(await sharp(grey16).metadata()).toMatchObject({ depth: 'ushort', channels: 1 });
    expect([...(await decodePicture(grey16)).data]).toEqual([77, 77, 77]);
    const grey = await drawn(1, 1, 1, () => [78])
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    expect([...(await decodePicture(grey)).data]).toEqual([78, 78, 78]);
  });

  it('lays transparency on white, in 8 and 16 bits', async () => {
    const glass = drawn(3, 1, 4, (x) => [200, 30, 30, [0, 128, 255][x] ?? 0]);
    for (const space of ['srgb', 'rgb16']) {
      const picture = await decodePicture(await glass.clone().toColourspace(space).png().toBuffer());
      expect([0, 1, 2].map((x) => pixelOf(picture, x))).toEqual([
        [255, 255, 255],
        [227, 142, 142],
        [200, 30, 30],
      ]);
    }
  });

  it('lays transparent grey on white, in 8 and 16 bits', async () => {
    const glass = drawn(3, 1, 2, (x) => [40, [0, 128, 255][x] ?? 0]);
    for (const space of ['b-w', 'grey16']) {
      const file = await glass.clone().toColourspace(space).png().toBuffer();
      expect((await sharp(file).metadata()).channels).toBe(2);
      const picture = await decodePicture(file);
      expect([0, 1, 2].map((x) => pixelOf(picture, x))).toEqual([
        [255, 255, 255],
        [147, 147, 147],
        [40, 40, 40],
      ]);
    }
  });

  it('turns the picture as EXIF says', async () => {
    // 1 2   with orientation 6 ("turn right"):  3 1
    // 3 4                                       4 2
    const square = drawn(2, 2, 3, (x, y) => [1 + x + 2 * y, 0, 0]);
    const reds: Record<number, number[]> = {
      1: [1, 2, 3, 4],
      2: [2, 1, 4, 3],
      3: [4, 3, 2, 1],
      6: [3, 1, 4, 2],
      8: [2, 4, 1, 3],
    };
    for (const [orientation, expected] of Object.entries(reds)) {
      const file = await square
        .clone()
        .withMetadata({ orientation: Number(orientation) })
        .png()
        .toBuffer();
      expect([...(await decodePicture(file)).data].filter((_, i) => i % 3 === 0)).toEqual(expected);
    }
    const wide = await drawn(3, 2, 3, () => [0, 0, 0])
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(await decodePicture(wide)).toMatchObject({ width: 2, height: 3 });
  });

  it('takes the first frame of an animation', async () => {
    const frames = [50, 150].map((level): Picture => ({
      width: 8,
      height: 8,
      channels: 3,
      data: new Uint8Array(192).fill(level),
    }));
    const first = await decodePicture(await encodeAnimation(frames, { format: 'gif', fps: 10, loop: true }));
    expect([first.width, first.height, first.data[0]]).toEqual([8, 8, 50]);
  });

  it('refuses broken files in one line that names them', async () => {
    const jpeg = await photo.clone().jpeg().toBuffer();
    const png = await photo.clone().png().toBuffer();
    for (const bytes of [
      jpeg.subarray(0, jpeg.length / 2),
      png.subarray(0, png.length / 2),
      new Uint8Array(0),
      Uint8Array.of(1, 2, 3),
    ]) {
      await expect(decodePicture(bytes, 'bird.jpg')).rejects.toThrow(InputError);
      await expect(decodePicture(bytes, 'bird.jpg')).rejects.toThrow(/^bird\.jpg: expected a picture.*$/);
    }
    await expect(decodePicture(jpeg.subarray(0, jpeg.length / 2), 'bird.jpg')).rejects.toThrow(
      'bird.jpg: expected a picture that is complete and not damaged; got an error',
    );
    await expect(decodePicture(new Uint8Array(0), 'bird.jpg')).rejects.toThrow('expected a picture; got an empty file');
    await expect(decodePicture(Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), 'birds.zip')).rejects.toThrow(
      'birds.zip: expected a picture; got a .zip archive (unpack it)',
    );
    await expect(decodePicture('/nowhere/bird.jpg')).rejects.toThrow(/^\/nowhere\/bird\.jpg: cannot be read/);
  });

  it('refuses more than 100 million pixels before decoding them', async () => {
    const png = Buffer.from(await encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(0) }));
    png.writeUInt32BE(20_000, 16);
    png.writeUInt32BE(20_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    await expect(decodePicture(png, 'bomb')).rejects.toThrow(/^bomb: .* 100000000 pixels; .*pixel limit/);
  });
});

describe('encodePng(picture)', () => {
  it('is decoded to the same picture, and to the same bytes every time', async () => {
    const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * 37) % 256);
    const picture: Picture = { width: 16, height: 16, channels: 3, data };
    expect(await decodePicture(await encodePng(picture))).toEqual(picture);
    expect(await encodePng(picture)).toEqual(await encodePng(picture));
    const grey: Picture = { width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 200) };
    expect([...(await decodePicture(await encodePng(grey))).data]).toEqual([7, 7, 7, 200, 200, 200]);
    // More pixels than sharp reads of files by itself.
    const large: Picture = { width: 16_385, height: 16_385, channels: 1, data: new Uint8Array(16_385 ** 2) };
    expect((await encodePng(large, 0)).length).toBeGreaterThan(16_385 ** 2);
  });
});

describe('encodeAnimation(frames, options)', () => {
  it.each(['webp', 'gif'] as const)('%s has every frame, its size and endless looping', async (format) => {
    for (const channels of [1, 3] as const) {
      const file = await encodeAnimation(flatFrames(channels), { format, fps: 10, loop: true });
      expect(await sharp(file, { pages: -1 }).metadata()).toMatchObject({
        format,
        pages: 5,
        width: 16,
        pageHeight: 12,
        loop: 0,
        delay: [100, 100, 100, 100, 100],
      });
      const fourth = await sharp(file, { page: 3 }).removeAlpha().raw().toBuffer();
      expect(Math.abs((fourth[0] ?? 0) - 120)).toBeLessThan(6);
    }
  });

  it('plays once when not looping, and rounded delays do not add up', async () => {
    const webp = await encodeAnimation(flatFrames(3), { format: 'webp', fps: 30, loop: false });
    expect(await sharp(webp, { pages: -1 }).metadata()).toMatchObject({ loop: 1, delay: [33, 34, 33, 33, 34] });
    const gif = await encodeAnimation(flatFrames(3), { format: 'gif', fps: 30, loop: false });
    expect(await sharp(gif, { pages: -1 }).metadata()).toMatchObject({ loop: 1, delay: [30, 40, 30, 30, 40] });
  });

  it('keeps frames that repeat in a GIF', async () => {
    const [still] = flatFrames(3);
    const gif = await encodeAnimation(still ? [still, still, still] : [], { format: 'gif', fps: 5, loop: true });
    expect((await sharp(gif, { pages: -1 }).metadata()).pages).toBe(3);
  });

  it('refuses no frames, mixed sizes and odd speeds', async () => {
    const options = { format: 'webp', fps: 10, loop: true } as const;
    await expect(encodeAnimation([], options)).rejects.toThrow(InputError);
    await expect(encodeAnimation([...flatFrames(1), ...flatFrames(3)], options)).rejects.toThrow(
      /^animation: expected frames of one size/,
    );
    for (const fps of [0, -1, 51, Number.NaN]) {
      await expect(encodeAnimation(flatFrames(3), { ...options, fps })).rejects.toThrow(/^fps/);
    }
    expect((await encodeAnimation(flatFrames(3), { ...options, fps: 0.016 })).length).toBeGreaterThan(0);
    await expect(encodeAnimation(flatFrames(3), { ...options, fps: 0.015 })).rejects.toThrow(/^fps: .* for webp/);
    const wide: Picture = { width: 16_384, height: 1, channels: 1, data: new Uint8Array(16_384) };
    await expect(encodeAnimation([wide, wide], options)).rejects.toThrow(
      'format: expected frames of at most 16383 pixels a side for webp; got 16384×1',
    );
  });
});

/** A JPEG file without Adobe's segment. */
function withoutAdobe(file: Buffer): Buffer {
  const at = file.indexOf(Buffer.from([0xff, 0xee]));
  expect(file.subarray(at + 4, at + 9).toString()).toBe('Adobe');
  return Buffer.concat([file.subarray(0, at), file.subarray(at + 2 + file.readUInt16BE(at + 2))]);
}
