/** @file Which sets are meant, and options that say nothing of them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describedRun, describedSets } from './set-description.node.js';

let folder: string;
const at = (path: string) => join(folder, path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-set-description-'));
  for (const run of ['a', 'b']) {
    await mkdir(at(`${run}/checkpoints/step-0000001`), { recursive: true });
    await writeFile(at(`${run}/config.json`), '{}');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('describedSets(names, choice)', () => {
  it('takes a checkpoint of the run that it lies in', async () => {
    const checkpoint = at('a/checkpoints/step-0000001');
    const { sets } = await describedSets([at('a'), at('pictures')], { checkpoint, split: 'test' });
    expect(sets).toEqual([
      { kind: 'checkpoint', path: checkpoint },
      { kind: 'data', path: at('pictures'), options: { split: 'test' } },
    ]);
  });

  it.each([
    [['a', 'b'], { checkpoint: 'a/checkpoints/step-0000001' }, /^checkpoint: expected newest, best, .* in .*b; got /],
    [
      ['b', 'pictures'],
      { checkpoint: 'a/checkpoints/step-0000001' },
      /^checkpoint: expected newest, best, .* in .*b; /,
    ],
    [['pictures', 'g.onnx'], { checkpoint: 'best' }, /^checkpoint: expected a run as a set beside it; got none$/],
    [['a', 'g.onnx'], { split: 'test' }, /^split: expected pictures as a set beside it; got none$/],
    [['a', 'b'], { followLinks: true }, /^followLinks: expected pictures as a set beside it; got none$/],
  ] as const)('of %j refuses %j', async ([first, second], choice, message) => {
    const own = 'checkpoint' in choice && choice.checkpoint !== 'best' ? { checkpoint: at(choice.checkpoint) } : choice;
    await expect(describedSets([at(first), at(second)], own)).rejects.toThrow(message);
  });
});

describe('describedRun(run, choice)', () => {
  it('refuses the checkpoint of another run', async () => {
    await expect(describedRun(at('b'), { checkpoint: at('a/checkpoints/step-0000001') })).rejects.toThrow(
      /^checkpoint: expected newest, best, .*; got /,
    );
  });
});
