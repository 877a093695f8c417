/** @file The folder of a job of explanations: what was there before is not taken for results, replaced or removed. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimFolder, markRemoving } from '../../inference/tasks/shared/description.node.js';
import type { FolderUse } from '../../inference/tasks/shared/opening.node.js';
import type { JobSpec } from '../../inference/tasks/spec.node.js';
import { requireOwnResults } from '../files/results.node.js';
import { readyFolder } from './job-folder.node.js';

const SPEC: JobSpec = { command: 'gan-gradcam', version: '1', options: { alpha: 1 }, files: [], outputs: {} };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-job-folder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function filled(out: string, ...names: readonly string[]) {
  for (const name of names) {
    await mkdir(dirname(join(folder, out, name)), { recursive: true });
    await writeFile(join(folder, out, name), `content of ${name}`);
  }
}
const filesIn = async (out: string) =>
  (await readdir(join(folder, out), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, out).length + 1))
    .toSorted();
const readied = async (out: string, use: Partial<FolderUse> = {}) => {
  const request = { shared: false, resume: false, stamps: undefined, ...use };
  const { lock } = await readyFolder(join(folder, out), ['a.png'], request, async () => {});
  await lock?.release();
};

describe('readyFolder(out, names, use, check)', () => {
  it.each([
    ['00000/0.png', /^out: expected another folder; got .*00000, which is not of an earlier job$/],
    ['results.jsonl', /^out: expected another folder; got .*results\.jsonl, which is of another program$/],
    ['results.json', /^out: expected another folder; got .*results\.json, which is of another program$/],
    ['pictures.jsonl', /pictures\.jsonl: expected a list of pictures; got something else$/],
  ])('refuses %s of others, and leaves it', async (name, message) => {
    for (const use of [{}, { resume: true }, { shared: true }]) {
      await filled(`other ${name[0]}`, name);
      await expect(readied(`other ${name[0]}`, use)).rejects.toThrow(message);
    }
    expect(await filesIn(`other ${name[0]}`)).toEqual([name]);
    await rm(join(folder, `other ${name[0]}`), { recursive: true });
  });

  it('completes no job that has not begun, and leaves nothing', async () => {
    const merging = readied('nothere', { shared: true, completes: true });
    await expect(merging).rejects.toThrow(
      /^merge: expected the folder of a job that has begun; got .* without job\.json$/,
    );
    expect(await readdir(folder)).not.toContain('nothere');
  });

  it('removes what a job left, but no folder of pictures that came later', async () => {
    await readied('own');
    await claimFolder(join(folder, 'own'), SPEC, 'out');
    await filled('own', '00000/a.png', '00000/results.jsonl', 'mine.txt', '00001/b.png');
    await expect(readied('own')).rejects.toThrow(/got .*00001.b\.png, which is not of an earlier job$/);
    expect(await filesIn('own')).toContain('00000/a.png');
    await rm(join(folder, 'own', '00001'), { recursive: true });
    await readied('own');
    expect(await filesIn('own')).toEqual(['mine.txt', 'pictures.jsonl']);
  });

  it('goes on with a removal that was interrupted, and lets nobody join the job meanwhile', async () => {
    await readied('killed');
    const out = join(folder, 'killed');
    await claimFolder(out, SPEC, 'out');
    await markRemoving(out);
    await filled('killed', '00001/results.jsonl');
    await mkdir(join(out, '00000'));
    const joining = /^out: expected the folder of this job; got .*killed, from which an earlier job is being removed$/;
    await expect(readied('killed', { shared: true })).rejects.toThrow(joining);
    await expect(claimFolder(out, SPEC, 'out')).rejects.toThrow(joining);
    await readied('killed', { resume: true });
    expect(await readdir(out)).toEqual(['pictures.jsonl']);
  });
});

it('takes results.jsonl for its own by its first line', async () => {
  await filled('lines', 'results.jsonl');
  const path = join(folder, 'lines', 'results.jsonl');
  await expect(requireOwnResults(join(folder, 'lines'))).rejects.toThrow(
    /results\.jsonl, which is of another program$/,
  );
  await writeFile(path, '{"job":{"kind":"maps"}}\n');
  await requireOwnResults(join(folder, 'lines'));
  expect(await readFile(path, 'utf8')).toContain('maps');
});
