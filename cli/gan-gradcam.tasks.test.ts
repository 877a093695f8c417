/** @file gan-gradcam on many pictures: tasks in sub-folders, shared by processes at once, the same files whoever made them. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../inference/index.js';
import { spacePicture } from '../trainer/index.js';
import { ran } from './child.test.helper.js';
import { digestsBelow } from './digests.test.helper.js';
import { started } from './started.test.helper.js';

const MODEL = fileURLToPath(new URL('../../fixtures/tiny/discriminator.onnx', import.meta.url));
const PICTURES = 17;
const BROKEN = 'pictures/07.png';

let folder: string;
let whole: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-gradcam-tasks-'));
  await mkdir(join(folder, 'pictures'));
  for (let i = 0; i < PICTURES; i++) {
    const name = `pictures/${String(i).padStart(2, '0')}.png`;
    await writeFile(join(folder, name), name === BROKEN ? 'no picture' : await encodePng(spacePicture(24, 0, i)));
  }
  const { code, stderr, stdout } = await explained('whole');
  expect([code, stderr]).toEqual([3, expect.stringContaining(`${BROKEN}: expected a picture`)]);
  expect(stdout).toContain('and 32 maps of 17 pictures, and 6 figures, in whole/*/\n');
  whole = await digests('whole');
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = (out: string, ...more: string[]) => [
  'pictures',
  '--model',
  MODEL,
  '--device',
  'cpu',
  '--task-size',
  '3',
  '--out',
  out,
  ...more,
];
const explained = (out: string, ...more: string[]) => ran('gan-gradcam', options(out, ...more), folder);
const digests = (out: string) => digestsBelow(join(folder, out));

/** Begins a command, and sends it a signal once a task is done. @returns its exit code, or the signal */
async function stopped(signal: NodeJS.Signals, out: string, ...more: string[]) {
  const command = started('gan-gradcam', options(out, ...more), { cwd: folder });
  await command.untilFile(join(folder, out), /^\d+$/);
  command.child.kill(signal);
  return command.ended;
}

describe('gan-gradcam of many pictures', () => {
  it('writes maps and figures in a folder per task, and lines for all pictures in order', async () => {
    const lines = (await readFile(join(folder, 'whole', 'results.jsonl'), 'utf8')).trimEnd().split('\n');
    const [head, ...rest] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(head).toMatchObject({ modelDigest: expect.stringMatching(/^sha256:/), options: { taskSize: 3 } });
    expect(rest.map(({ picture }) => picture)).toEqual(
      Array.from({ length: PICTURES }, (_, i) => `pictures/${String(i).padStart(2, '0')}.png`),
    );
    expect(rest[7]).toEqual({ picture: BROKEN, reason: expect.stringContaining(`${BROKEN}: expected a picture`) });
    const maps = rest[16]?.['maps'] as { files: Record<string, string> }[];
    expect(maps).toHaveLength(2);
    for (const { files } of maps) for (const file of Object.values(files)) expect(whole).toHaveProperty([`/${file}`]);
    expect(Object.keys(whole).filter((path) => path.endsWith('/figure.png'))).toHaveLength(6);
    // Those of 16 pictures and 2 methods, figures, and what tells of them.
    expect(Object.keys(whole)).toHaveLength(16 * 2 * 3 + 6 + 6 + 3);
  });

  it('makes the same files in three processes at once, of which the last one completes the job', async () => {
    const shares = await Promise.all([0, 1, 2].map((index) => explained('shared', '--shard', `${index}/3`)));
    const codes = shares.map(({ code }) => code);
    expect(codes.filter((code) => code === 3).length).toBeGreaterThanOrEqual(1);
    expect(codes.filter((code) => code !== 3 && code !== 0)).toEqual([]);
    expect(await digests('shared')).toEqual(whole);
    const again = await explained('shared', '--merge');
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining(BROKEN)]);
    expect(await digests('shared')).toEqual(whole);
  }, 180_000);

  it('completes a job whose share was killed, and until then says what is missing', async () => {
    expect(await explained('parts', '--shard', '0/2')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Other shares lack 3 of 6 tasks: 1, 3, 5\./),
    });
    await stopped('SIGKILL', 'parts', '--shard', '1/2');
    const early = await explained('parts', '--merge');
    expect([early.code, early.stderr]).toEqual([
      2,
      expect.stringMatching(/^gan-gradcam: --merge: expected the results of all 6 tasks; got no result of .*\d\n$/),
    ]);
    const late = await explained('parts', '--shard', '1/2');
    expect([late.code, late.stderr]).toEqual([3, expect.stringContaining(BROKEN)]);
    expect(await digests('parts')).toEqual(whole);
  }, 180_000);

  it('goes on with --resume where it was killed, and begins anew without', async () => {
    await stopped('SIGKILL', 'resumed');
    expect(await explained('resumed', '--resume')).toMatchObject({ code: 3 });
    expect(await digests('resumed')).toEqual(whole);
    await writeFile(join(folder, 'resumed', 'mine.txt'), 'not of the command');
    const own = join(folder, 'resumed', '00002', 'mine.txt');
    await writeFile(own, 'not of the command');
    expect((await explained('resumed', '--palette', 'turbo')).stderr).toBe(
      'gan-gradcam: --out: expected another folder; got resumed/00002/mine.txt, which is not of an earlier job\n',
    );
    await rm(own);
    expect(await explained('resumed', '--palette', 'turbo')).toMatchObject({ code: 3 });
    const { '/mine.txt': mine, ...found } = await digests('resumed');
    expect(mine).toBeDefined();
    expect(Object.keys(found)).toEqual(Object.keys(whole));
    expect(found['/00000/figure.png']).not.toBe(whole['/00000/figure.png']);
  }, 180_000);

  it('keeps what is done at a signal, and nothing else', async () => {
    expect(await stopped('SIGTERM', 'signal')).toBe(143);
    const left = await readdir(join(folder, 'signal'));
    expect(left.filter((name) => !/^\d{5}$/.test(name)).toSorted()).toEqual(['job.json', 'pictures.jsonl']);
    expect((await explained('signal', '--resume')).code).toBe(3);
    expect(await digests('signal')).toEqual(whole);
  }, 180_000);

  it('takes its share from a Slurm array, and from a Kubernetes index with the number given', async () => {
    const slurm = { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_MIN: '3', SLURM_ARRAY_TASK_COUNT: '2' };
    const kubernetes = { JOB_COMPLETION_INDEX: '0' };
    const saved = { ...process.env };
    try {
      Object.assign(process.env, slurm);
      const second = await explained('array');
      expect(second.stdout).toContain('Share 1 of 2, counted from 0 (from SLURM_ARRAY_TASK_ID; change it with --shard');
      for (const name of Object.keys(slurm)) delete process.env[name];
      Object.assign(process.env, kubernetes);
      const first = await explained('array', '--shard', '/2');
      expect([first.code, first.stdout]).toEqual([3, expect.stringContaining('from JOB_COMPLETION_INDEX')]);
    } finally {
      process.env = saved;
    }
    expect(await digests('array')).toEqual(whole);
  }, 180_000);

  it('refuses a folder with another job, and names the difference', async () => {
    const copied = async (name: string) => cp(join(folder, 'shared'), join(folder, name), { recursive: true });
    await copied('other');
    const refused = async (line: RegExp, ...more: string[]) => {
      const { code, stderr } = await explained('other', ...more);
      expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
    };
    const job = String.raw`the job of other\/job\.json, where`;
    await refused(
      new RegExp(`--out: expected ${job} target is nothing; got "real"\n$`),
      '--shard',
      '0/2',
      '--target',
      'real',
    );
    await refused(new RegExp(`--resume: expected ${job} eigen is false; got true\n$`), '--resume', '--eigen');
    const model = join(folder, 'other.onnx');
    await cp(join(MODEL, '..', 'discriminator.onnx'), model);
    await writeFile(model, Buffer.concat([await readFile(model), Buffer.from([0x3a, 0])]));
    const other = options('other', '--merge').map((word) => (word === MODEL ? model : word));
    expect((await ran('gan-gradcam', other, folder)).stderr).toMatch(
      new RegExp(`--out: expected ${job} model is "sha256:`),
    );
    const older = (await readFile(join(folder, 'other', 'job.json'), 'utf8')).replace(
      /"version": "[^"]*"/,
      '"version": "0.0.1"',
    );
    await writeFile(join(folder, 'other', 'job.json'), older);
    await refused(new RegExp(`--out: expected ${job} version is "0\\.0\\.1"; got "`), '--shard', '0/2');
  }, 180_000);

  it('refuses pictures that are others than before, and those that have changed since', async () => {
    await cp(join(folder, 'pictures'), join(folder, 'changing'), { recursive: true });
    const changing = (...more: string[]) =>
      ran('gan-gradcam', ['changing', ...options('changed', ...more).slice(1)], folder);
    expect((await changing('--shard', '0/2')).code).toBe(0);
    await utimes(join(folder, 'changing', '04.png'), 1, 1);
    const { code, stderr } = await changing('--shard', '1/2');
    expect([code, stderr]).toEqual([
      2,
      'gan-gradcam: changing/04.png: expected the picture as it was when the job began; got another size or time\n',
    ]);
    await rm(join(folder, 'changing', '05.png'));
    expect((await changing('--shard', '1/2')).stderr).toBe(
      'gan-gradcam: --out: expected the pictures of changed/pictures.jsonl, where there is changing/05.png; got changing/06.png\n',
    );
  }, 180_000);

  it('does not mix with a job that has all maps in one folder', async () => {
    const flat = (...more: string[]) =>
      ran('gan-gradcam', ['pictures', '--model', MODEL, '--device', 'cpu', '--out', 'flat', ...more], folder);
    expect((await flat()).code).toBe(3);
    const names = Object.keys(await digests('flat'));
    const shared = await flat('--shard', '0/2');
    expect([shared.code, shared.stderr]).toEqual([
      2,
      'gan-gradcam: --out: expected another folder; got flat/results.json, which is of a job that is not shared\n',
    ]);
    expect((await flat('--task-size', '3')).code).toBe(3);
    expect((await flat('--resume')).stderr).toBe(
      'gan-gradcam: --resume: expected the job of flat/job.json, which has a folder for each task; got one without tasks\n',
    );
    expect((await flat()).code).toBe(3);
    expect(Object.keys(await digests('flat'))).toEqual(names);
  }, 180_000);

  it.each([
    [['--shard', '3/3'], /^gan-gradcam: --shard: expected I\/N with I of 0…N−1, .*; got "3\/3"\n$/],
    [
      ['--target', 'real,fake'],
      /^gan-gradcam: --target: expected one target, or one for each of 17 pictures.*; got 2\n$/,
    ],
    [['--evaluate'], /^gan-gradcam: --evaluate and --task-size cannot be combined\n$/],
    [['--target', '7'], /^gan-gradcam: --target: expected .*; got 7\n$/],
  ])('answers %j with one line and exit code 2, and leaves nothing', async (more, line) => {
    const { code, stderr } = await explained('none', ...more);
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
    await expect(readdir(join(folder, 'none'))).rejects.toThrow('ENOENT');
  });
});
