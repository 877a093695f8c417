/** @file Latents as files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { normalLatents } from '../latents.js';
import { npyBytes, npyHeader } from '../../numeric/npy.js';
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

  // The bytes of np.arange(6).reshape(2, 3) / 4 as NumPy writes them in each type and order.
  const quarters = Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25);
  const npy = (
    descr: string,
    fortran: string,
    put: (view: DataView, at: number, value: number) => void,
    size: number,
  ) => {
    const dictionary = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (2, 3), }`.padEnd(117);
    const bytes = new Uint8Array(128 + 6 * size);
    bytes.set([
      0x93,
      ...new TextEncoder().encode('NUMPY'),
      1,
      0,
      118,
      0,
      ...new TextEncoder().encode(`${dictionary}\n`),
    ]);
    const order = fortran === 'True' ? [0, 3, 1, 4, 2, 5] : [0, 1, 2, 3, 4, 5];
    order.forEach((from, i) => put(new DataView(bytes.buffer, 128), i * size, quarters[from] as number));
    return bytes;
  };
  const half = [0, 0x34_00, 0x38_00, 0x3a_00, 0x3c_00, 0x3d_00];
  const putHalf = (little: boolean) => (view: DataView, at: number, value: number) =>
    view.setUint16(at, half[4 * value] as number, little);
  const float16 = npy('<f2', 'False', putHalf(true), 2);
  const fortran = npy('<f8', 'True', (view, at, value) => view.setFloat64(at, value, true), 8);

  it.each<[string, string | Uint8Array]>([
    ['f2.npy', float16],
    ['big-f2.npy', npy('>f2', 'False', putHalf(false), 2)],
    ['big-f4.npy', npy('>f4', 'False', (view, at, value) => view.setFloat32(at, value), 4)],
    ['fortran.npy', fortran],
    ['comma.csv', '0,0.25,0.5\n.75,1e0,1.25\n'],
    ['named.csv', 'z0;z1;z2\r\n0; 0.25; 0.5\r\n0.75; 1; 1.25\r\n'],
    ['savetxt.csv', '# latents\n0.0e+00 2.5e-01 5.0e-01\n7.5e-01 1.0e+00 1.25e+00\n'],
  ])('reads %s', async (name, bytes) => {
    await writeFile(join(folder, name), bytes);
    expect(await loadLatents(join(folder, name), 3)).toEqual(quarters);
  });

  const zipped = async (name: string, entries: Record<string, Uint8Array>, compress: boolean) => {
    const zip = new ZipFile();
    for (const [entry, bytes] of Object.entries(entries)) zip.addBuffer(Buffer.from(bytes), entry, { compress });
    zip.end();
    await writeFile(join(folder, name), await buffer(zip.outputStream));
    return join(folder, name);
  };

  it('reads nothing but the headers of the other arrays of a .npz', async () => {
    const header = (name: string) => npy(name, 'False', () => {}, 0);
    // No numbers at all, and fewer than the header says.
    const others = { 'names.npy': header('<U4'), 'more.npy': npyBytes(new Float32Array(18), [2, 9]).subarray(0, 130) };
    for (const compress of [false, true]) {
      const path = await zipped('others.npz', { ...others, 'w.npy': npyBytes(latents, [3, 6]) }, compress);
      expect(await loadLatents(path, 6)).toEqual(latents);
      const torn = await zipped('torn.npz', { 'w.npy': npyBytes(latents, [3, 6]).subarray(0, 190) }, compress);
      await expect(loadLatents(torn, 6)).rejects.toThrow(/torn\.npz: w\.npy: expected 72 bytes of data .* got 62$/);
    }
    const path = await zipped('many.npz', { 'w.npy': npyHeader('<f4', [99_999_999, 6]) }, true);
    await expect(loadLatents(path, 6)).rejects.toThrow(/many\.npz: w\.npy: expected at most 268435456 numbers/);
  });

  it('reads the one array of a .npz that fits, stored or compressed', async () => {
    const others = { 'seeds.npy': npyBytes(Float32Array.of(1, 2), [2]), 'readme.txt': new Uint8Array(3) };
    for (const compress of [false, true]) {
      const path = await zipped('z.npz', { 'w.npy': float16, ...others }, compress);
      expect(await loadLatents(path, 3)).toEqual(quarters);
    }
    const two = await zipped('two.npz', { 'w.npy': float16, 'z.npy': fortran }, true);
    await expect(loadLatents(two, 3)).rejects.toThrow(
      /two\.npz: expected one array of latents \[N, 3\]; got w \[2, 3\]; z \[2, 3\]$/,
    );
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
    ['text.npz', 'seed', /text\.npz: expected a \.npz file/],
    ['ragged.csv', '1,2\n3\n', /ragged\.csv: expected 2 numbers in line 2; got 1 cells$/],
    ['words.csv', '1,2\n3,x\n', /words\.csv: expected 2 numbers in line 2; got "3,x"$/],
    ['columns.csv', '0,1,2,3,4,5\n1,2,3,4,5,6\n', /expected no first line that may be .* got 0,1,2,3,4,5$/],
    ['column.csv', '# z\n0\n1\n', /expected no first line that may be the numbers of columns .* got 0$/],
    ['hex.csv', '0x10,1\n', /hex\.csv: expected 2 numbers in line 1; got "0x10,1"$/],
    ['all-hex.csv', '0x10,0x11\n1,2\n', /expected 2 numbers in line 1; got "0x10,0x11"$/],
    ['empty.csv', '\n', /empty\.csv: expected latents \[N, 6\]; got \[0, 0\]$/],
  ])('refuses %s', async (name, bytes, message) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    await expect(loadLatents(path, 6)).rejects.toThrow(message);
  });

  it('is not given files of other kinds', async () => {
    await expect(saveLatents(join(folder, 'z.txt'), latents, 6)).rejects.toThrow(/^saveLatents: expected a \.npy or/);
  });
});
