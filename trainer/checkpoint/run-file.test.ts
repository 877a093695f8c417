/** @file config.json of runs with the names of many classes: what is written can be read. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configWith } from '../settings/presets.js';
import { readRunFile, writeRunFile } from './run-file.node.js';

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'ganscope-run-file-'));
});
afterAll(() => rm(run, { recursive: true, force: true }));

/** What a run remembers, with the names of so many classes. */
const fileOf = (classes: number) => {
  const classNames = Array.from({ length: classes }, (_, at) => `${at} ${'a long name '.repeat(30)}`);
  return { config: { ...configWith('space'), conditional: true, classNames }, data: null, steps: 3 };
};

describe('writeRunFile(run, file) and readRunFile(run)', () => {
  it('refuse what could not be read again, and write nothing then', async () => {
    await expect(writeRunFile(run, fileOf(65_536))).rejects.toThrow(
      /config\.json: expected at most 16777216 bytes \(names of classes are in it; `classes` takes some of them\); got \d+$/,
    );
    expect(await readdir(run)).toEqual([]);
  });

  it('keep the names of many classes', async () => {
    await writeRunFile(run, fileOf(10_000));
    expect(await readRunFile(run)).toMatchObject(fileOf(10_000));
  });
});
