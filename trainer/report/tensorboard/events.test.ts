/** @file The bytes of TensorBoard's own writer. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { goldenPath } from '../../../fixtures/golden.js';
import { EventFile } from './event-file.node.js';
import { hparamsRecord, restartRecord, stepRecord, versionRecord } from './events.js';
import { crc32c, framedRecord } from './records.js';

const text = (characters: string) => new TextEncoder().encode(characters);

describe('crc32c(bytes)', () => {
  test.each([
    ['nothing', new Uint8Array(), 0],
    ['the check string', text('123456789'), 0xe3069283],
    // RFC 3720, appendix B.4.
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['32 numbers', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('of %s', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

describe('framedRecord(data)', () => {
  it('has the length in front and checksums of both', () => {
    const record = framedRecord(text('abc'));
    expect(record).toHaveLength(19);
    expect([...record.subarray(0, 8)]).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(record.subarray(12, 15))).toBe('abc');
  });
});

it('events have the bytes that TensorBoard writes', async () => {
  const png = Uint8Array.from({ length: 200 }, (_, i) => i);
  const scalars = { 'loss/discriminator': 1.5, 'loss/generator': Number.NaN, 'D(x) ½': 0 };
  const written = Buffer.concat([
    versionRecord(1700000000.25),
    hparamsRecord(1700000000.5, { loss: 'hinge', flip: true, batchSize: 64 }, 'birds'),
    restartRecord(1700000001.5, 301),
    stepRecord({ time: 1700000002, step: 0, images: { samples: { width: 2, height: 3, png } } }),
    stepRecord({ time: 1700000003.75, step: 2 ** 33, scalars }),
  ]);
  expect(written.toString('hex')).toBe((await readFile(goldenPath('events.bin'))).toString('hex'));
});

describe('EventFile', () => {
  it('has a file per start, with what was flushed; a later one takes back the steps that are done again', async () => {
    const runs = await mkdtemp(join(tmpdir(), 'ganscope-events-'));
    const run = join(runs, 'a');
    try {
      const first = await EventFile.create(run, 0, { seed: 3 });
      first.add({ step: 1, scalars: { 'loss/generator': 2 } });
      const before = await readFile(first.path);
      await first.flush();
      await first.flush();
      const after = await readFile(first.path);
      expect(after.subarray(0, before.length)).toEqual(before);
      expect(after.toString('latin1').split('loss/generator')).toHaveLength(2);
      await new Promise((resolve) => setTimeout(resolve, 2));
      const second = await EventFile.create(run, 7, { seed: 3 });
      // Beside the run: TensorBoard follows the link `latest`, and would count the run twice.
      const folder = join(runs, 'tensorboard', 'a');
      const names = (await readdir(folder)).toSorted();
      expect(names.map((name) => join(folder, name))).toEqual([first.path, second.path]);
      // The record of the restart follows what every file begins with.
      expect(before.toString('latin1')).toContain('seed');
      const restart = (await readFile(second.path)).subarray(before.length);
      // The step field holds 8, the first step of the new file.
      expect(restart.subarray(12 + 9, 12 + 11)).toEqual(Buffer.from([0x10, 8]));
    } finally {
      await rm(runs, { recursive: true });
    }
  });
});
