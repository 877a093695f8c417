/** @file Cache files: made once, read by later runs, never trusted, and bounded. */
import { mkdtemp, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../onnx/errors.js';
import { temporaryBeside } from '../../../onnx/files/disk/temporary.node.js';
import { base, batches, folderOf, loaderConfig as config, numbered } from '../data.test.helper.js';
import { Loader, type LoaderOptions } from '../loader.node.js';
import { openDataset } from '../formats/table.node.js';

const steps = [0, 1, 2, 3, 4];
const MIB = 2 ** 20;

/** Twelve numbered pictures that say what they are; two are broken. */
function source(fingerprint = 'twelve') {
  const { dataset, decoded } = numbered(12, [2, 3]);
  return { dataset: { ...dataset, fingerprint: () => Promise.resolve(fingerprint) }, decoded };
}
/** A loader without memory whose pictures are all decoded, and how often each was. */
async function loaded(folder: string, { maxBytes = MIB, fingerprint = 'twelve', strict = false } = {}) {
  const { dataset, decoded } = source(fingerprint);
  const options: LoaderOptions = { memoryBytes: 0, cache: { folder, maxBytes }, strict };
  const loader = new Loader(dataset, config, options);
  await loader.decodeAll();
  return { loader, decoded };
}
const newFolder = () => mkdtemp(join(base, 'cache-'));
const expected = await batches(new Loader(source().dataset, config), steps);
const times = (decoded: readonly number[]) => decoded.reduce((sum, count) => sum + count, 0);

describe('Loader with a cache file', () => {
  it('decodes once; a later run decodes nothing and knows what is broken', async () => {
    const folder = await newFolder();
    const first = await loaded(folder);
    expect(first.loader.place).toMatch(/\.pictures$/);
    expect(await batches(first.loader, steps)).toEqual(expected);
    expect(times(first.decoded)).toBe(12);
    await first.loader.close();
    const second = await loaded(folder);
    expect(await batches(second.loader, steps)).toEqual(expected);
    expect(times(second.decoded)).toBe(0);
    expect(second.loader.skipped).toEqual(first.loader.skipped);
    await second.loader.close();
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('decodes a picture anew whose bytes have changed', async () => {
    const folder = await newFolder();
    const { loader } = await loaded(folder);
    const file = await open(loader.place, 'r+');
    await file.write(Uint8Array.of(99), 0, 1, 16 + 5 * 64 + 7);
    await file.close();
    expect(await batches(loader, steps)).toEqual(expected);
    await loader.close();
    const again = await loaded(folder);
    expect(await batches(again.loader, [0, 1, 2])).toEqual(expected.slice(0, 3));
    expect(again.decoded[5]).toBe(1);
    expect(times(again.decoded)).toBe(1);
    await again.loader.close();
  });

  it('is made anew where the file is cut off, damaged, empty, or of another set', async () => {
    const folder = await newFolder();
    const { loader } = await loaded(folder);
    await loader.close();
    const whole = await readFile(loader.place);
    const flipped = (at: number) => whole.map((byte, i) => (i === at ? byte ^ 1 : byte));
    for (const bytes of [
      whole.subarray(0, 500),
      flipped(0),
      flipped(9),
      flipped(whole.length - 9),
      new Uint8Array(0),
    ]) {
      await writeFile(loader.place, bytes);
      const again = await loaded(folder);
      expect(times(again.decoded)).toBe(12);
      expect(await batches(again.loader, steps)).toEqual(expected);
      await again.loader.close();
      expect(await readFile(loader.place)).toEqual(whole);
    }
    await writeFile(loader.place, whole);
    const other = await loaded(folder, { fingerprint: 'others' });
    expect(times(other.decoded)).toBe(12);
    await other.loader.close();
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const folder = await newFolder();
    const loader = new Loader(source().dataset, config, { memoryBytes: 0, cache: { folder, maxBytes: MIB } });
    const stop = new AbortController();
    const progress_callback = () => stop.abort();
    await expect(loader.decodeAll({ progress_callback, signal: stop.signal })).rejects.toThrow(/abort/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('makes room by deleting what was used least recently, and what killed processes left', async () => {
    const folder = await newFolder();
    const names: string[] = [];
    for (const fingerprint of ['a', 'b', 'c']) {
      const { loader } = await loaded(folder, { fingerprint });
      await loader.close();
      names.push(loader.place);
    }
    const [old = '', older = ''] = names;
    await utimes(old, 2, 2);
    await utimes(older, 1, 1);
    const ours = temporaryBeside(join(folder, 'x.pictures'));
    const ofProcess = (path: string, pid: number) => path.replace(`-${process.pid}-`, `-${pid}-`);
    const elsewhere = ours.replace(/\.[0-9a-f]{8}-/, '.00000000-');
    const killed = ofProcess(ours, 2 ** 30);
    const [theirs, forgotten] = [ofProcess(elsewhere, 2 ** 30), ofProcess(elsewhere, 7)];
    for (const path of [ours, killed, theirs, forgotten]) await writeFile(path, '');
    await utimes(forgotten, 1, 1);
    await writeFile(join(folder, 'mine.txt'), 'not a cache file');
    const { size } = await stat(old);
    const { loader } = await loaded(folder, { fingerprint: 'd', maxBytes: 3 * size + 50 });
    await loader.close();
    const left = (await readdir(folder)).map((name) => join(folder, name));
    expect(left.toSorted()).toEqual([old, names[2], loader.place, join(folder, 'mine.txt'), ours, theirs].toSorted());
  });

  it('is not made where it would be too large: pictures are decoded in every epoch', async () => {
    const folder = await newFolder();
    const { loader, decoded } = await loaded(folder, { maxBytes: 500 });
    expect(loader.place).toMatch(/^kept nowhere and decoded in every epoch, as 0\.0 GiB are more than `cacheSize`$/);
    expect(await batches(loader, steps)).toEqual(expected);
    expect(Math.max(...decoded)).toBeGreaterThan(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('with strict stops at a broken picture, also at one that the file knows of', async () => {
    const folder = await newFolder();
    await expect(loaded(folder, { strict: true })).rejects.toThrow(
      /^strict: expected no skipped file; got link\.png: a link that leads nowhere$/,
    );
    const pictures = await folderOf({ 'a.png': 1, 'b.png': 'broken' });
    const strictly = async (strict: boolean) => {
      const dataset = await openDataset(pictures, { imageSize: 8 });
      const loader = new Loader(dataset, config, { memoryBytes: 0, cache: { folder, maxBytes: MIB }, strict });
      await loader.decodeAll();
      await loader.close();
    };
    for (const before of ['nothing', 'the file']) {
      await expect(strictly(true), before).rejects.toThrow(InputError);
      await expect(strictly(true), before).rejects.toThrow(
        /^strict: expected no broken picture; got b\.png: expected a picture/,
      );
      await strictly(false);
    }
  });

  it('needs a folder that can be written to', async () => {
    const folder = join(await folderOf({ 'file.txt': 'x' }), 'file.txt');
    await expect(loaded(folder)).rejects.toThrow(InputError);
    await expect(loaded(folder)).rejects.toThrow(
      /^cache: expected a folder that can be written to .*; got .*file\.txt \((EEXIST|ENOTDIR)\)/,
    );
  });

  it('is another one when a file of the data changes', async () => {
    const folder = await newFolder();
    const pictures = await folderOf({ 'a.png': 1 });
    const place = async (options = {}) => {
      const dataset = await openDataset(pictures, { imageSize: 8, ...options });
      const loader = new Loader(dataset, config, { memoryBytes: 0, cache: { folder, maxBytes: MIB } });
      await loader.decodeAll();
      await loader.close();
      return loader.place;
    };
    const first = await place();
    expect(await place()).toBe(first);
    await utimes(join(pictures, 'a.png'), 1, 1);
    expect(await place()).not.toBe(first);
  });
});
