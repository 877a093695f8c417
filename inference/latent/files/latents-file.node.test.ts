/** @file Latents as files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalLatents } from '../latents.js';
import { npyBytes } from '../../numeric/npy.js';
import { loadLatents, saveLatents } from './latents-file.node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-latents-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const latents = normalLatents([3, 4, 5], 6);

describe('loadLatents(path, latentDim)', () => {
  it.each(['z.npy', 'z.json', 'Z.NPY'])('reads what saveLatents wrote to %s, bit for bit', async (name) => {
    const path = join(folder, 'deep', name);
    await saveLatents(path, latents, 6);
    expect(await loadLatents(path, 6)).toEqual(latents);
  });

  it('reads a single latent, and [N, Z, 1, 1]', async () => {
    await writeFile(join(folder, 'one.json'), '[1, 2, 3]');
    expect(await loadLatents(join(folder, 'one.json'), 3)).toEqual(Float32Array.of(1, 2, 3));
    await writeFile(join(folder, 'maps.npy'), npyBytes(latents, [3, 6, 1, 1]));
    expect(await loadLatents(join(folder, 'maps.npy'), 6)).toEqual(latents);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['size.npy', npyBytes(latents, [2, 9]), /size\.npy: expected latents \[N, 6\]; got \[2, 9\]$/],
    ['flat.npy', npyBytes(latents, [18]), /expected latents \[N, 6\]; got \[18\]$/],
    ['none.npy', npyBytes(new Float32Array(0), [0, 6]), /expected latents \[N, 6\]; got \[0, 6\]$/],
    ['nan.npy', npyBytes(Float32Array.of(0, Number.NaN, 0, 0, 0, 0), [1, 6]), /expected finite numbers; got NaN at 1$/],
    ['text.json', 'seed', /text\.json: expected JSON; got something else$/],
    ['ragged.json', '[[1, 2], [3]]', /expected an array of equally long arrays of numbers/],
    ['strings.json', '[["1"]]', /expected an array of equally long arrays of numbers/],
    ['object.json', '{"length": 3}', /expected an array/],
    ['text.npy', 'seed', /expected a \.npy file/],
  ])('refuses %s', async (name, bytes, message) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    await expect(loadLatents(path, 6)).rejects.toThrow(message);
  });

  it('is not given files of other kinds', async () => {
    await expect(saveLatents(join(folder, 'z.txt'), latents, 6)).rejects.toThrow(/^saveLatents: expected a \.npy or/);
  });
});
