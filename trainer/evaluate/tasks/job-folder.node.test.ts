/** @file The folder of an evaluation: what was there before is not taken for parts, replaced or removed. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimFolder, expectClaimed, markRemoving } from '../../../inference/tasks/shared/description.node.js';
import type { FolderUse } from '../../../inference/tasks/shared/opening.node.js';
import type { JobSpec } from '../../../inference/tasks/spec.node.js';
import { readyFolder } from './job-folder.node.js';
import { readPart, writePart } from './part-file.node.js';

const SPEC: JobSpec = { command: 'gan-eval', version: '1', options: { samples: 9 }, files: [], outputs: {} };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-eval-folder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const readied = async (out: string, use: Partial<FolderUse> = {}) =>
  (await readyFolder(join(folder, out), { shared: false, resume: false, ...use }))?.release();

describe('readyFolder(out, use)', () => {
  it.each([
    ['sets.json', /sets\.json: expected the sets of an evaluation; got something else$/],
    ['parts/00000.part', /^out: expected another folder; got .*00000\.part, which is not of an earlier job$/],
  ])('refuses %s of others, and leaves it', async (name, message) => {
    for (const use of [{}, { resume: true }, { shared: true }]) {
      await mkdir(join(folder, 'other', 'parts'), { recursive: true });
      await writeFile(join(folder, 'other', name), '[]');
      await expect(readied('other', use)).rejects.toThrow(message);
    }
    expect(await readdir(join(folder, 'other'), { recursive: true })).toContain(name);
    await rm(join(folder, 'other'), { recursive: true });
  });

  it('completes no job that has not begun, and leaves nothing', async () => {
    const merging = readied('nothere', { shared: true, completes: true });
    await expect(merging).rejects.toThrow(
      /^merge: expected the folder of a job that has begun; got .* without job\.json$/,
    );
    expect(await readdir(folder)).not.toContain('nothere');
  });

  it('goes on with a removal that was interrupted, and lets nobody join the job meanwhile', async () => {
    const out = join(folder, 'killed');
    await claimFolder(out, SPEC, 'out');
    await markRemoving(out);
    await mkdir(join(out, 'parts'));
    await writeFile(join(out, 'parts', '00003.part'), '');
    await expect(readied('killed', { shared: true })).rejects.toThrow(/from which an earlier job is being removed$/);
    await readied('killed', { resume: true });
    expect(await readdir(out)).toEqual([]);
  });
});

describe('writePart(path, part, size, check)', () => {
  it('leaves nothing where the folder is of another job by now', async () => {
    const out = join(folder, 'replaced');
    await claimFolder(out, SPEC, 'out');
    const kept = { positions: new Uint32Array([4]), data: new Float32Array([1, 2]) };
    const part = { start: 0, end: 9, broken: [], kept };
    const written = (task: number) =>
      writePart(join(out, 'parts', `0000${task}.part`), part, 2, () => expectClaimed(out, SPEC));
    await written(0);
    expect((await readPart(join(out, 'parts', '00000.part'), 2, false)).part).toMatchObject({ start: 0, end: 9 });
    await rm(join(out, 'job.json'));
    await expect(written(1)).rejects.toThrow(/got .*replaced without job\.json$/);
    await claimFolder(out, { ...SPEC, options: { samples: 8 } }, 'out');
    await expect(written(1)).rejects.toThrow(
      /^out: expected the folder of this job; got .*replaced, which is another job's by now$/,
    );
    expect(await readdir(join(out, 'parts'))).toEqual(['00000.part']);
  });
});
