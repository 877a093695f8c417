/** @file gan-eval with parts on disk: shared by processes at once, resumed, and the same digits whoever made the parts. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgram, startRedis } from '../fleet/redis.test.helper.js';
import { encodePng, npyBytes } from '../inference/index.js';
import { toyGenerator } from '../inference/networks/generator.test.helper.js';
import { Random } from '../inference/numeric/random.js';
import { performJob, localEngine, parsedJobSpec, type JobSpec } from '../inference/tasks/index.js';
import { emptyGraph, GraphBuilder, modelOfGraph, saveModel } from '../onnx/index.js';
import { describedSets, openEvaluationJob, startEvaluationJob } from '../trainer/index.js';
import { ran } from './child.test.helper.js';
import { digestsBelow } from './digests.test.helper.js';
import { started } from './started.test.helper.js';

const PICTURES = 2300;
const BROKEN = [3, 700, 1500];

let folder: string;
/** The numbers of an evaluation in memory, and the files of one on disk. */
let inMemory: Numbers;
let whole: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-eval-tasks-'));
  await mkdir(join(folder, 'real'));
  const random = new Random(1);
  for (let i = 0; i < PICTURES; i++) {
    const data = Uint8Array.from({ length: 8 * 8 * 3 }, () => random.integer(256));
    const bytes = BROKEN.includes(i) ? 'broken' : await encodePng({ width: 8, height: 8, channels: 3, data });
    await writeFile(join(folder, 'real', `${i}.png`), bytes);
  }
  await saveModel(join(folder, 'g.onnx'), toyGenerator({ size: 8, latentDim: 8 }));
  const b = new GraphBuilder(emptyGraph('quarters'));
  const image = b.input('image', 'float32', ['batch', 3, 8, 8]);
  const means = b.op('AveragePool', [image], { kernel_shape: [4, 4], strides: [4, 4] });
  b.output(b.op('Flatten', [means], { axis: 1 }), 'features');
  await saveModel(join(folder, 'f.onnx'), modelOfGraph(b.graph));
  const alone = await evaluated(undefined, '--json');
  expect([alone.code, alone.stderr]).toEqual([3, expect.stringContaining('skipped 3 files')]);
  inMemory = JSON.parse(alone.stdout) as Numbers;
  expect((await evaluated('whole')).code).toBe(3);
  whole = await digests('whole');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Numbers {
  frechet: number;
  kid: number;
  kidStd: number;
  sets: { pictures: number }[];
  skipped: string[];
}

// Subsets so small that not all features are kept: broken pictures then change which ones are needed.
const options = (out: string | undefined, more: readonly string[]) => [
  ...'real g.onnx --features f.onnx --mean 0 --std 1 --samples 2290 --subset-size 4 --manifold-samples 64 --device cpu'.split(
    ' ',
  ),
  ...(out === undefined ? [] : ['--out', out]),
  ...more,
];
const evaluated = (out: string | undefined, ...more: string[]) => ran('gan-eval', options(out, more), folder);
const numbersIn = async (out: string) =>
  JSON.parse(await readFile(join(folder, out, 'results.json'), 'utf8')) as Numbers;
const digests = (out: string) => digestsBelow(join(folder, out));

/** Begins a command, and kills it with -9 once a part is there. */
async function killed(out: string, ...more: string[]): Promise<void> {
  const command = started('gan-eval', options(out, more), { cwd: folder });
  await command.untilFile(join(folder, out, 'parts'), /\.part$/);
  command.child.kill('SIGKILL');
  await command.ended;
}

describe('gan-eval --out', () => {
  it('finds the numbers of an evaluation in memory, to the last digit, and names what was skipped', async () => {
    const { frechet, kid, kidStd, sets, skipped } = await numbersIn('whole');
    const { seconds: _seconds, ...told } = inMemory as Numbers & { seconds: number };
    expect(await numbersIn('whole')).toMatchObject(told);
    expect([frechet, kid, kidStd].every(Number.isFinite)).toBe(true);
    expect(sets.map(({ pictures }) => pictures)).toEqual([2290, 2290]);
    expect(skipped).toHaveLength(3);
    expect(Object.keys(whole)).toEqual([
      '/features/00000.part',
      '/job.json',
      ...[0, 1, 2, 3].map((part) => `/parts/0000${part}.part`),
      '/replacements/00000.part',
      '/results.json',
      '/sets.json',
    ]);
  });

  it('makes the same files in three processes at once, of which the last one completes the job', async () => {
    const shares = await Promise.all([0, 1, 2].map((index) => evaluated('shared', '--shard', `${index}/3`)));
    const codes = shares.map(({ code }) => code);
    expect(codes.filter((code) => code === 3).length).toBeGreaterThanOrEqual(1);
    expect(codes.filter((code) => code !== 3 && code !== 0)).toEqual([]);
    expect(await digests('shared')).toEqual(whole);
    const merged = await evaluated('shared', '--merge', '--json');
    expect(merged.code).toBe(3);
    expect((JSON.parse(merged.stdout) as Numbers).frechet).toBe(inMemory.frechet);
  }, 180_000);

  it('completes a job whose share was killed, and until then says what is missing', async () => {
    const first = await evaluated('parts', '--shard', '0/2', '--json');
    expect([first.code, first.stdout]).toEqual([0, '']);
    expect(first.stderr).toContain('Other shares lack 2 of 4 tasks: 1, 3.');
    await killed('parts', '--shard', '1/2');
    const late = await evaluated('parts', '--shard', '1/2');
    expect([late.code, late.stdout]).toEqual([3, expect.stringContaining('Also in parts/results.json')]);
    expect(await digests('parts')).toEqual(whole);
    await rm(join(folder, 'parts', 'parts', '00002.part'));
    expect((await evaluated('parts', '--merge')).stderr).toMatch(
      /^gan-eval: --merge: expected the results of all 4 tasks; got no result of task 2\n$/,
    );
  }, 180_000);

  it('goes on with --resume where it was killed, and begins anew without', async () => {
    await killed('resumed');
    expect((await evaluated('resumed', '--resume')).code).toBe(3);
    expect(await digests('resumed')).toEqual(whole);
    await writeFile(join(folder, 'resumed', 'mine.txt'), 'not of the command');
    expect((await ran('gan-eval', [...options('resumed', []), '--split', 'all'], folder)).code).toBe(3);
    const { '/mine.txt': mine, ...found } = await digests('resumed');
    expect(mine).toBeDefined();
    expect(Object.keys(found)).toEqual(Object.keys(whole));
  }, 180_000);

  it.skipIf(!redisProgram)(
    'makes the same files by the workers of a queue, of which one is killed',
    async () => {
      const server = await startRedis();
      const use = { cwd: folder, env: { REDIS_URL: server.url } };
      const worker = () => started('gan-worker', '--root . --device cpu --lease 2 --verbose --drain'.split(' '), use);
      const queued = started('gan-eval', options('queued', ['--queue']), use);
      await queued.until(/No worker listens/);
      const first = worker();
      await first.until(/parts \d: done/);
      first.child.kill('SIGKILL');
      const second = worker();
      expect([await queued.ended, queued.text()]).toEqual([3, expect.stringContaining('skipped 3 files')]);
      expect([await second.ended, second.text()]).toEqual([0, expect.stringMatching(/: done/)]);
      expect(await digests('queued')).toEqual(whole);
      await server.stop();
    },
    180_000,
  );

  it('refuses a folder with another job, and names the difference', async () => {
    await cp(join(folder, 'whole'), join(folder, 'other'), { recursive: true });
    const refused = async (line: RegExp, words: readonly string[]) => {
      const { code, stderr } = await ran('gan-eval', words, folder);
      expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
    };
    const own = (...more: string[]) => options('other', more);
    const changed = (from: string, to: string, ...more: string[]) =>
      own(...more).map((word) => (word === from ? to : word));
    await refused(/^gan-eval: --resume: .*where samples is 2290; got 40\n$/, changed('2290', '40', '--resume'));
    await refused(/^gan-eval: --out: .*where subsetSize is 4; got 5\n$/, changed('4', '5', '--shard', '0/2'));
    await refused(
      /^gan-eval: --out: expected the sets of other\/sets\.json, where one is \{.*\}; got \{.*\n$/,
      changed('g.onnx', 'real', '--merge'),
    );
    await cp(join(folder, 'g.onnx'), join(folder, 'was.onnx'));
    await saveModel(join(folder, 'g.onnx'), toyGenerator({ size: 8, latentDim: 7 }));
    await refused(
      /^gan-eval: g\.onnx: expected the pictures or networks that it held when the job began; got others\n$/,
      own('--merge'),
    );
    await cp(join(folder, 'was.onnx'), join(folder, 'g.onnx'));
    await mkdir(join(folder, 'foreign'));
    await writeFile(join(folder, 'foreign', 'results.json'), '{}');
    await refused(/^gan-eval: --out: expected another folder; got foreign\/results\.json/, options('foreign', []));
  }, 180_000);

  it.each([
    ['--resume', '--resume: expected it with --out; got it alone'],
    ['--queue', '--queue: expected to be used with --out'],
  ])('answers %s with one line and exit code 2', async (word, line) => {
    const { code, stderr } = await evaluated(undefined, word);
    expect([code, stderr]).toEqual([2, `gan-eval: ${line}\n`]);
  });
});

it('leaves nothing where sets, networks or options do not fit', async () => {
  for (const [from, to, line] of [
    [
      '4',
      '2290',
      '--subset-size: expected at least 2 pictures, and fewer than there are, so that subsets differ; got 2290 of 2290 and 2290',
    ],
    ['2290', '1', '--samples: expected a whole number of at least 2; got 1'],
    ['f.onnx', 'none.onnx', 'none.onnx: cannot be read (ENOENT)'],
  ]) {
    const { code, stderr } = await ran(
      'gan-eval',
      options('none', []).map((word) => (word === from ? to : word) as string),
      folder,
    );
    expect([code, stderr]).toEqual([2, `gan-eval: ${line}\n`]);
    await expect(readdir(join(folder, 'none'))).rejects.toThrow('ENOENT');
  }
}, 30_000);

it('gives the generator its further inputs, in memory, in parts and where the parts are made elsewhere', async () => {
  const b = new GraphBuilder();
  const flat = b.mul(b.input('z', 'float32', ['N', 192]), b.input('scale', 'float32', [192]));
  b.output(b.op('Reshape', [b.add(flat, b.input('shift', 'float32', [])), b.ints([-1, 3, 8, 8])]));
  await saveModel(join(folder, 'further.onnx'), modelOfGraph(b.graph));
  const scales = Float32Array.from({ length: 192 }, (_, i) => i / 192);
  await writeFile(join(folder, 'scales.npy'), npyBytes(scales, [192]));
  const command = (shift: string, ...more: string[]) =>
    ran(
      'gan-eval',
      [
        ...'real further.onnx --features f.onnx --mean 0 --std 1 --samples 64 --manifold-samples 0 --json'.split(' '),
        '--device',
        'cpu',
        '--input',
        'scale=scales.npy',
        '--input',
        `shift=${shift}`,
        ...more,
      ],
      folder,
    );
  const kidOf = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as Numbers).kid;
  const alone = kidOf(await command('0.25'));
  expect(kidOf(await command('0.75'))).not.toBeCloseTo(alone, 3);
  expect(kidOf(await command('0.25', '--out', 'further'))).toBe(alone);
  const other = await command('0.75', '--out', 'further', '--resume');
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringContaining('where input is ["scale=scales.npy","shift=0.25"]'),
  ]);
  const pair = await describedSets([join(folder, 'real'), join(folder, 'further.onnx')], {});
  const input = [`scale=${join(folder, 'scales.npy')}`, 'shift=0.25'];
  const texts = { samples: 64, manifoldSamples: 0, strict: false, mean: '0', std: '1', input };
  const [features, out] = [join(folder, 'f.onnx'), join(folder, 'further-sent')];
  const begun = await startEvaluationJob({ pair, features, texts, out, device: 'cpu', shared: true, resume: false });
  await begun.dispose();
  const spec = parsedJobSpec(JSON.parse(JSON.stringify(begun.spec)));
  expect(spec.files.map(({ role }) => role)).toEqual(['features', 'input scale', 'sets']);
  const job = await openEvaluationJob(spec, { device: 'cpu', roots: [folder] });
  const made = await performJob(job, localEngine, {});
  await job.dispose();
  expect(made?.evaluated).toMatchObject({ comparison: { kid: alone } });
}, 120_000);

describe('openEvaluationJob(spec, place)', () => {
  const texts = { samples: 2290, subsetSize: 4, manifoldSamples: 64, strict: false, mean: '0', std: '1' };
  const begun = async (out: string) => {
    const pair = await describedSets([join(folder, 'real'), join(folder, 'g.onnx')], {});
    const [features, use] = [join(folder, 'f.onnx'), { shared: true, resume: false }];
    return startEvaluationJob({ pair, features, texts, out: join(folder, out), device: 'cpu', ...use });
  };
  const sent = async (out: string, change: (spec: JobSpec) => unknown = (spec) => spec) => {
    const job = await begun(out);
    await job.dispose();
    return parsedJobSpec(JSON.parse(JSON.stringify(change(job.spec))));
  };

  it('gives the numbers of the command', async () => {
    const job = await openEvaluationJob(await sent('sent'), { device: 'cpu', roots: [folder] });
    const made = await performJob(job, localEngine, {});
    await job.dispose();
    const { frechet, kid, kidStd } = inMemory;
    expect(made?.evaluated).toMatchObject({ comparison: { frechet, kid, kidStd } });
    expect(made?.skipped).toEqual(inMemory.skipped);
  }, 180_000);

  it('refuses unknown options, other versions, paths outside its roots and changed sets', async () => {
    const refused = async (message: RegExp, change: (spec: JobSpec) => unknown, roots = [folder]) =>
      expect(openEvaluationJob(await sent('strict', change), { device: 'cpu', roots })).rejects.toThrow(message);
    const withOptions = (spec: JobSpec, more: object) => ({ ...spec, options: { ...spec.options, ...more } });
    await refused(/^job\.options\.colour: expected no such option/, (spec) => withOptions(spec, { colour: 1 }));
    await refused(/^job\.options\.samples: expected a number; got "1"/, (spec) => withOptions(spec, { samples: '1' }));
    await refused(/^samples: expected a whole number of at least 2; got 1/, (spec) =>
      withOptions(spec, { samples: 1 }),
    );
    await refused(/^job\.version: expected /, (spec) => ({ ...spec, version: '0' }));
    await refused(/: expected a path below .*elsewhere; got /, (spec) => spec, [join(folder, 'elsewhere')]);
    await refused(/^job: expected the job of .*where strict is false; got true$/, (spec) =>
      withOptions(spec, { strict: true }),
    );
    const spec = await sent('strict');
    const path = join(folder, 'real', '9.png');
    const before = await readFile(path);
    await writeFile(path, 'shorter');
    const opening = openEvaluationJob(spec, { device: 'cpu', roots: [folder] });
    await expect(opening).rejects.toThrow(/real: expected the pictures .* when the job began; got others$/);
    await writeFile(path, before);
  }, 180_000);
});
