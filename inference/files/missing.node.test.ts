import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { exists, ifThere } from './missing.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-missing-'));
  await writeFile(join(folder, 'file'), '');
  await symlink('loop', join(folder, 'loop'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('exists(path) and ifThere(answer, path)', () => {
  it('tell what is there from what is missing, also below a file', async () => {
    expect([await exists(folder), await exists(join(folder, 'file'))]).toEqual([true, true]);
    expect([await exists(join(folder, 'none')), await exists(join(folder, 'file', 'none'))]).toEqual([false, false]);
    expect((await ifThere(readdir(folder), folder))?.toSorted()).toEqual(['file', 'loop']);
    expect(await ifThere(readdir(join(folder, 'none')), 'none')).toBeUndefined();
  });

  it('throw where the file system gives no answer, with path and reason', async () => {
    const loop = join(folder, 'loop');
    await expect(exists(loop)).rejects.toThrow(new InputError(`${loop}: cannot be read (ELOOP)`));
    await expect(ifThere(readdir(loop), loop)).rejects.toThrow(InputError);
  });
});
