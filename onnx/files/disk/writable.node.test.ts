import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryBeside } from './temporary.node.js';
import { expectWritable } from './writable.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-atomic-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('expectWritable(path, name)', () => {
  it('leaves an existing file and its folder as they are', async () => {
    await writeFile(join(folder, 'file'), 'old');
    await expectWritable(join(folder, 'file'), 'out');
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('removes what a killed process left of the file, and of no other', async () => {
    const own = await mkdtemp(join(tmpdir(), 'ganscope-leftover-'));
    // Process numbers end at 2^22, so that none has this one.
    const leftover = basename(temporaryBeside(join(own, 'x.onnx'))).replace(`-${process.pid}-`, '-99999999-');
    const other = leftover.replace('.x.onnx.', '.y.onnx.');
    await Promise.all([leftover, other].map((name) => writeFile(join(own, name), 'half')));
    await expectWritable(join(own, 'x.onnx'), 'out');
    expect(await readdir(own)).toEqual([other]);
    await rm(own, { recursive: true });
  });

  it('names parameter, path and reason where nothing can be written', async () => {
    await mkdir(join(folder, 'sub'));
    const expected = 'out: expected a file that can be written; got ';
    await expect(expectWritable(join(folder, 'sub'), 'out')).rejects.toThrow(
      `${expected}${join(folder, 'sub')} (a folder)`,
    );
    const below = join(folder, 'file', 'x.onnx');
    await expect(expectWritable(below, 'out')).rejects.toThrow(`${expected}${below} (ENOTDIR)`);
  });
});
