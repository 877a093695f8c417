import { expect, it } from 'vitest';
import { crc32, deflateSync } from 'node:zlib';
import { decodePicture, encodePng } from './pictures.node.js';
import { withoutPngTexts } from './png.js';

const chunk = (type: string, data: Uint8Array) => {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(typed), 4);
  return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
};

it('withoutPngTexts(bytes) leaves out texts and nothing else', async () => {
  const picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) } as const;
  const plain = Buffer.from(await encodePng(picture));
  const header = 8 + 25;
  const bomb = chunk('zTXt', Buffer.concat([Buffer.from('k\0\0'), deflateSync(Buffer.alloc(10_000_000))]));
  const texts = [bomb, chunk('tEXt', Buffer.from('a\0b')), chunk('iTXt', Buffer.from('c\0\0\0\0\0d'))];
  const long = Buffer.concat([plain.subarray(0, header), ...texts, plain.subarray(header)]);
  expect(Buffer.from(withoutPngTexts(long)).equals(plain)).toBe(true);
  expect(withoutPngTexts(plain)).toBe(plain);
  const torn = long.subarray(0, header + 20);
  expect(withoutPngTexts(torn)).toBe(torn);
  expect((await decodePicture(long)).data).toEqual(picture.data);
});

it('withoutPngTexts(bytes) does not look for chunks in what is none, nor after the last', async () => {
  const picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) } as const;
  const plain = Buffer.from(await encodePng(picture));
  const text = chunk('tEXt', Buffer.from('a\0b'));
  const after = Buffer.concat([plain, text]);
  expect(withoutPngTexts(after)).toBe(after);
  // 12 zero bytes would be a chunk of no type and no data.
  const zeros = Buffer.concat([plain.subarray(0, 8), Buffer.alloc(1200), text]);
  expect(withoutPngTexts(zeros)).toBe(zeros);
  const between = Buffer.concat([plain.subarray(0, 33), text, plain.subarray(33, -12), text, plain.subarray(-12)]);
  expect(Buffer.from(withoutPngTexts(between)).equals(plain)).toBe(true);
});

it('decodePicture(bytes) reads no drawings', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
  await expect(decodePicture(Buffer.from(svg), 'a.png')).rejects.toThrow(/^a\.png: expected a picture/);
});
