/** @file Results in S3 with a small server: the bytes of a folder, whoever makes them and whatever fails. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { digestsBelow } from '../../cli/digests.test.helper.js';
import { shownText } from '../../inference/files/copies.node.js';
import { localEngine, shardEngine, type TaskEngine } from '../../inference/tasks/engine.js';
import type { TestS3 } from '../storage/s3.test.helper.js';
import { openJob } from '../worker/open-job.node.js';
import {
  closeScene,
  commands,
  evaluating,
  openScene,
  ROOTS,
  performed,
  sampling,
  scene,
  stored,
  type Command,
  type Open,
} from './jobs.test.helper.js';
import { Originals, shownSpec } from './originals.node.js';
import { StoredFolder } from './stored-folder.node.js';

let s3: TestS3;
let folder: string;
beforeAll(async () => {
  await openScene();
  ({ s3, folder } = scene);
}, 30_000);
afterEach(() => {
  s3.refusing = undefined;
  s3.knowsFresh = true;
});
afterAll(closeScene);

const objects = (prefix: string): Record<string, string> =>
  Object.fromEntries(
    [...s3.objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(
        ([key, { bytes }]) => [key.slice(prefix.length - 1), createHash('sha256').update(bytes).digest('hex')] as const,
      )
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

const expected = new Map<Command, Record<string, string>>();
/** What one process makes in a folder. */
async function alone(command: Command, open: Open): Promise<Record<string, string>> {
  const known = expected.get(command);
  if (known) return known;
  await performed(open, join(folder, command), localEngine);
  const digests = await digestsBelow(join(folder, command));
  expect(Object.keys(digests).length).toBeGreaterThan(3);
  expected.set(command, digests);
  return digests;
}

describe.each(commands)('results of %s', (command, open) => {
  it('are the objects that one process writes as files, made by three shares at once', async () => {
    const shares = [0, 1, 2].map((index) =>
      stored(command, open, 's3://open/out/shares', shardEngine({ index, count: 3 })),
    );
    expect((await Promise.all(shares)).filter((made) => made !== undefined)).not.toEqual([]);
    expect(objects('out/shares/')).toEqual(await alone(command, open));
    for (const key of s3.objects.keys()) if (key.startsWith('out/shares/')) s3.objects.delete(key);
  }, 60_000);

  it('name no place of this machine, and are the same when a worker elsewhere makes them', async () => {
    const originals = new Originals({ ...process.env, GANSCOPE_CACHE: join(folder, 'other') });
    const results = join(folder, `${command}-results`);
    const roots = [...ROOTS, results];
    const queue: TaskEngine = {
      shared: true,
      async run(job) {
        for (const [i, stage] of job.stages.entries()) {
          await stage.tasks();
          const worker = await openJob(shownSpec(job.spec), { device: 'cpu', roots, originals });
          for (const task of await stage.missing()) await worker.stages[i]?.run(task, {});
          await worker.dispose();
        }
        return { complete: true, count: 0, missing: [] };
      },
    };
    await stored(command, open, `s3://open/out/${command}`, queue);
    expect(objects(`out/${command}/`)).toEqual(await alone(command, open));
    // With a folder for results, which a worker shares.
    await performed(open, results, queue);
    await originals.close();
    expect(await digestsBelow(results)).toEqual(await alone(command, open));
    for (const [key, { bytes }] of s3.objects)
      if (/\.(jsonl?|part)$/.test(key)) expect(bytes.toString('latin1'), key).not.toContain(folder);
    expect(await readdir(join(folder, 'other', 'jobs'))).toEqual([]);
  }, 60_000);
});

describe('results at an address', () => {
  it('count as there with their last object, and what failed goes on', async () => {
    const digests = await alone('gan-sample', sampling());
    // The last file of the second folder cannot be written; nor does this server know conditions.
    s3.knowsFresh = false;
    s3.refusing = (request) => (/^PUT .*00001\/0+15\.png$/.test(request) ? [403, 'AccessDenied'] : undefined);
    const first = stored('gan-sample', sampling(), 's3://open/out/faults');
    await expect(first).rejects.toThrow(/00001\/00000015\.png: expected access; it was denied/);
    expect(Object.keys(objects('out/faults/')).filter((name) => name.startsWith('/00001/'))).toHaveLength(7);
    s3.refusing = (request) => (request.startsWith('DELETE') ? [403, 'AccessDenied'] : undefined);
    const before = s3.requests.length;
    await stored('gan-sample', sampling(), 's3://open/out/faults');
    const written = s3.requests.slice(before).filter((request) => request.startsWith('PUT'));
    expect(written.filter((request) => request.includes('/00000/'))).toEqual([]);
    const left = Object.entries(objects('out/faults/')).filter(([name]) => !name.startsWith('/parts/'));
    expect(Object.fromEntries(left)).toEqual(digests);
  }, 60_000);

  it('are there where another process finishes the job at the same time', async () => {
    await stored('gan-sample', sampling(), 's3://open/out/faster');
    const place = await StoredFolder.open('s3://open/out/late', 'gan-sample', process.env);
    const job = place.job(await sampling()(place.folder, true));
    for (const task of (await job.stages[0]?.missing()) ?? []) await job.stages[0]?.run(task, {});
    await job.dispose();
    await place.dispose();
    let finished = false;
    // The scores were listed, and are gone before they are fetched.
    s3.refusing = (request) => {
      if (finished || !request.startsWith('HEAD out/late/parts/')) return undefined;
      finished = true;
      for (const key of s3.objects.keys()) if (key.startsWith('out/late/parts/')) s3.objects.delete(key);
      for (const [key, { bytes }] of s3.objects)
        if (key.startsWith('out/faster/')) s3.put(key.replace('faster', 'late'), bytes);
      return undefined;
    };
    await stored('gan-sample', sampling(), 's3://open/out/late');
    expect(finished).toBe(true);
    expect(objects('out/late/')).toEqual(await alone('gan-sample', sampling()));
  }, 60_000);

  it('are made once where a process is given a task twice at once', async () => {
    const place = await StoredFolder.open('s3://open/out/twice', 'gan-sample', process.env);
    const job = place.job(await sampling()(place.folder, true));
    const [scores, pictures] = job.stages;
    for (const task of (await scores?.missing()) ?? []) await scores?.run(task, {});
    const before = s3.requests.length;
    await Promise.all([pictures?.run(0, {}), pictures?.run(0, {})]);
    const written = s3.requests.slice(before).filter((request) => /^PUT .*\/00000\//.test(request));
    expect(written).toHaveLength(new Set(written).size);
    expect(await pictures?.done(0)).toBe(true);
    await job.dispose();
    await place.dispose();
  }, 60_000);

  it('go on when the server is gone for a moment', async () => {
    let failures = 8;
    s3.refusing = (request) =>
      request.startsWith('PUT out/moment/00001') && failures-- > 0 ? [503, 'SlowDown'] : undefined;
    await stored('gan-sample', sampling(), 's3://open/out/moment');
    expect(failures).toBeLessThan(0);
    expect(objects('out/moment/')).toEqual(await alone('gan-sample', sampling()));
  }, 60_000);

  it('are refused where there are others, with both differences', async () => {
    await stored('gan-sample', sampling(), 's3://open/out/taken');
    const other = stored('gan-sample', sampling(5), 's3://open/out/taken');
    const line = await other.catch((error: Error) => shownText(error.message));
    expect(line).toMatch(/s3:\/\/open\/out\/taken\/sampling\.json, where latents is .*0-199.*5-204/);
    await expect(stored('gan-eval', evaluating, 's3://open/out/taken')).rejects.toThrow(
      /^out: expected an address with nothing below it, or with this job; got s3:\/\/open\/out\/taken\//,
    );
    await expect(stored('gan-sample', sampling(), 's3://open/out/a/../b')).rejects.toThrow(
      /a key that can be the name/,
    );
  }, 60_000);
});
