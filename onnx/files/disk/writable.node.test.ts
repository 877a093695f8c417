import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
