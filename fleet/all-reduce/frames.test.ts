/** @file Messages over a pipe that delivers them in any portions, and messages that are not what was expected. */
import { expect, it } from 'vitest';
import { FrameReader, frameHeader, HEADER_BYTES, type Frame } from './frames.js';

const sent: Frame[] = [
  { kind: 'INFO', data: Uint8Array.of(1, 2, 3) },
  { kind: 'CAST', data: new Uint8Array() },
  { kind: 'MEAN', data: Uint8Array.from({ length: 40 }, (_, i) => 255 - i) },
];
const bytes = Buffer.concat(sent.flatMap(({ kind, data }) => [frameHeader(kind, data.length), data]));

/** What comes out where the bytes come in portions that end at these places. */
function received(whole: Uint8Array, ends: readonly number[], most = (_kind: string) => 40): Frame[] {
  const reader = new FrameReader(most);
  return [...ends, whole.length].flatMap((end, i) => reader.push(whole.subarray(i === 0 ? 0 : ends[i - 1], end)));
}

it('puts messages together from all at once, from single bytes, and from two parts cut anywhere', () => {
  expect(received(bytes, [])).toEqual(sent);
  expect(
    received(
      bytes,
      Array.from({ length: bytes.length }, (_, i) => i),
    ),
  ).toEqual(sent);
  for (let cut = 0; cut <= bytes.length; cut++) expect(received(bytes, [cut]), `cut at ${cut}`).toEqual(sent);
});

it('gives a message when its last byte is there, not before', () => {
  const reader = new FrameReader(() => 40);
  const one = Buffer.concat([frameHeader('MEAN', 4), Buffer.alloc(4, 7)]);
  expect(reader.push(one.subarray(0, -1))).toEqual([]);
  expect(reader.push(one.subarray(-1))).toEqual([{ kind: 'MEAN', data: new Uint8Array(4).fill(7) }]);
  expect(reader.push(new Uint8Array())).toEqual([]);
  // A message without bytes is complete with its header.
  expect(reader.push(frameHeader('CAST', 0))).toEqual([{ kind: 'CAST', data: new Uint8Array() }]);
});

it('copies what it is given: the pipe may use its memory again', () => {
  const reader = new FrameReader(() => 40);
  const portion = Buffer.concat([frameHeader('MEAN', 2), Buffer.of(5, 6)]);
  const [frame] = reader.push(portion);
  portion.fill(0);
  expect(frame?.data).toEqual(Uint8Array.of(5, 6));
});

it.each([
  ['one byte more than expected', 41, 'MEAN of 41 bytes: at most 40 were expected'],
  ['more than memory holds', 2 ** 53 - 1, `MEAN of ${2 ** 53 - 1} bytes: at most 40 were expected`],
])('refuses %s before it makes room for it', (_, size, line) => {
  expect(() => new FrameReader(() => 40).push(frameHeader('MEAN', size))).toThrow(line);
});

it('refuses lengths that no number of this language holds', () => {
  const header = Buffer.from(frameHeader('MEAN', 0));
  header.fill(255, 4, HEADER_BYTES);
  expect(() => new FrameReader(() => 40).push(header)).toThrow('MEAN of 18446744073709551615 bytes');
});

it('refuses kinds that are not expected, also without bytes, and text where a header should be', () => {
  const means = (kind: string) => (kind === 'MEAN' ? 40 : -1);
  expect(() => received(bytes, [], means)).toThrow('the message "INFO" was not expected');
  expect(() => new FrameReader(means).push(frameHeader('CAST', 0))).toThrow('"CAST" was not expected');
  expect(() => new FrameReader(means).push(Buffer.from('Hello from a library\n'))).toThrow('"Hell" was not expected');
});
