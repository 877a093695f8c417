import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeAt } from './atomic-file.node.js';

it('writeAt(file, bytes, position) goes on where a write has stopped, and fails with the file system', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ganscope-write-at-'));
  await using file = await open(join(folder, 'file'), 'w');
  await file.writeFile('..........');
  /** Writes at most three bytes at once, and none behind byte 9. */
  const write = (bytes: Uint8Array, offset: number, length: number, position: number) => {
    if (position >= 9) throw new Error('ENOSPC');
    return file.write(bytes, offset, Math.min(3, length), position);
  };
  const nearlyFull = { write } as unknown as typeof file;
  await writeAt(nearlyFull, Buffer.from('1234567'), 1);
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('.1234567..');
  await expect(writeAt(nearlyFull, Buffer.from('abcdef'), 6)).rejects.toThrow('ENOSPC');
  await rm(folder, { recursive: true });
});
