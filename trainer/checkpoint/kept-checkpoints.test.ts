/** @file Which checkpoints a run has and keeps. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveCheckpoint } from './checkpoint.node.js';
import { bestCheckpoint, checkpoints, markBest, namedCheckpoint, newestCheckpoint } from './kept-checkpoints.node.js';
import { configWith } from '../settings/presets.js';
import { initialState } from '../step/tfjs/state.js';

const config = configWith('space', { imageSize: 8, ngf: 2, ndf: 2, latentDim: 4, batchSize: 4 });
const stateAfter = (step: number) => ({ ...initialState(config), step });

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'ganscope-kept-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

describe('checkpoints(run) and newestCheckpoint(run)', () => {
  it('list by step, keep the last three, and ignore and clear away what a killed save left', async () => {
    const leftover = join(run, 'checkpoints', '.0123456789ab.tmp');
    await mkdir(join(leftover, 'generator'), { recursive: true });
    await writeFile(join(leftover, 'state.json'), '{"format": 1, "step": 99999999');
    await expect(newestCheckpoint(run)).rejects.toThrow(`${run}: expected a run with a checkpoint; it has none yet`);
    for (const step of [500, 9_999_999, 10_000_000, 1000]) await saveCheckpoint(run, stateAfter(step), config);
    const listed = (await checkpoints(run)).map((path) => path.slice(join(run, 'checkpoints').length + 1));
    expect(listed).toEqual(['step-0001000', 'step-9999999', 'step-10000000']);
    expect(await newestCheckpoint(run)).toBe(join(run, 'checkpoints', 'step-10000000'));
    expect(await readdir(join(run, 'checkpoints'))).toHaveLength(3);
  });

  it('throw where the folder cannot be read: the run is not one without checkpoints', async () => {
    await symlink('checkpoints', join(run, 'checkpoints'));
    await expect(checkpoints(run)).rejects.toThrow(`${join(run, 'checkpoints')}: cannot be read (ELOOP)`);
  });

  it('keep the one just saved also where three later ones are there', async () => {
    for (const step of [10, 20, 30, 1]) await saveCheckpoint(run, stateAfter(step), config);
    expect(await readdir(join(run, 'checkpoints'))).toEqual([
      'step-0000001',
      'step-0000010',
      'step-0000020',
      'step-0000030',
    ]);
  });

  it('keep as many as asked for, and the best', async () => {
    const listed = () => readdir(join(run, 'checkpoints'));
    for (const step of [1, 2, 3]) await saveCheckpoint(run, stateAfter(step), config, { keep: 2 });
    expect(await listed()).toEqual(['step-0000002', 'step-0000003']);
    expect(await bestCheckpoint(run)).toBeUndefined();
    await markBest(run, 2);
    for (const step of [4, 5, 6]) await saveCheckpoint(run, stateAfter(step), config, { keep: 1 });
    expect(await listed()).toEqual(['best', 'step-0000002', 'step-0000006']);
    expect(await bestCheckpoint(run)).toBe(join(run, 'checkpoints', 'step-0000002'));
    expect(await namedCheckpoint(run, 'best')).toBe(join(run, 'checkpoints', 'step-0000002'));
    await markBest(run, 6);
    await markBest(run, 5); // which is gone
    await saveCheckpoint(run, stateAfter(7), config, { keep: 1 });
    expect(await bestCheckpoint(run)).toBe(join(run, 'checkpoints', 'step-0000006'));
    expect(await listed()).toEqual(['best', 'step-0000006', 'step-0000007']);
  });

  it('know the best where links are not allowed', async () => {
    await saveCheckpoint(run, stateAfter(2), config);
    await writeFile(join(run, 'checkpoints', 'best'), 'step-0000002');
    expect(await bestCheckpoint(run)).toBe(join(run, 'checkpoints', 'step-0000002'));
    await writeFile(join(run, 'checkpoints', 'best'), 'step-0000003');
    await expect(namedCheckpoint(run, 'best')).rejects.toThrow(
      /^checkpoint: expected a checkpoint of .* marked as the best .*; got best$/,
    );
  });

  it('are named by folders of the run alone, also through a link', async () => {
    const other = join(run, 'other');
    const [own, foreign] = [
      await saveCheckpoint(run, stateAfter(1), config),
      await saveCheckpoint(other, stateAfter(1), config),
    ];
    await symlink('other', join(run, 'link'));
    for (const [folder, named] of [
      [run, own],
      [other, foreign],
      [join(run, 'link'), foreign],
    ] as const)
      expect(await namedCheckpoint(folder, named)).toBe(named);
    await expect(namedCheckpoint(other, own)).rejects.toThrow(
      `checkpoint: expected newest, best, or a checkpoint's folder in ${other}; got ${own}`,
    );
  });

  it('are empty for a folder that is no run', async () => {
    expect(await checkpoints(join(run, 'none'))).toEqual([]);
  });
});
