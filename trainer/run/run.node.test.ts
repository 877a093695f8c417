import { mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { flat } from '../data/data.test.helper.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import { emptyGraph, GraphBuilder, InputError, modelOfGraph, saveModel } from '../../onnx/index.js';
import { Random } from '../../inference/numeric/random.js';
import { overfittingOf } from '../step/state/overfitting.js';
import { train } from './loop.node.js';
import { startRun, type RunOptions } from './run.node.js';

const start = process.cwd();
const small = { imageSize: 8, ngf: 2, ndf: 2, latentDim: 4, batchSize: 4, device: 'cpu' } as const;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-run-'));
  process.chdir(folder);
  await mkdir('pictures');
  for (let i = 0; i < 8; i++) await writeFile(join('pictures', `${i}.png`), await encodePng(flat(30 * i)));
});
afterAll(async () => {
  process.chdir(start);
  await rm(folder, { recursive: true, force: true });
});

/** A line of metrics.jsonl. */
interface AdaRow {
  augmentation: number;
  signReal: number;
  logitReal: number;
  logitHeldOut: number;
  logitFake: number;
}

/** Starts a run and lets it go. @returns its folder */
async function begun(options: RunOptions): Promise<{ run: string; notes: string[] }> {
  const { run, notes, release } = await startRun(options);
  await release();
  return { run, notes };
}

/** Writes a feature network: the mean colour of a picture, times a number. */
async function saveFeatures(path: string, factor: number): Promise<void> {
  const b = new GraphBuilder(emptyGraph('colours'));
  const mean = b.op('GlobalAveragePool', [b.input('image', 'float32', ['batch', 3, 8, 8])]);
  b.output(b.mul(mean, b.scalar(factor)), 'features');
  await saveModel(path, modelOfGraph(b.graph));
}

async function refusal(options: RunOptions): Promise<string> {
  const error: unknown = await begun(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message;
}

describe('startRun({ out })', () => {
  it('names runs of one second differently, and locks a run until it is released', async () => {
    const started = await Promise.all([1, 2].map((seed) => startRun({ ...small, seed, data: 'pictures', steps: 5 })));
    const [first = '', second = ''] = started.map(({ run }) => run);
    expect(first).not.toBe(second);
    expect(await refusal({ resume: first })).toMatch(
      /^resume: expected a folder that no other process writes to; got /,
    );
    for (const { release } of started) await release();
    const { notes } = await begun({ resume: first, name: 'first', notes: 'a <note>\nof two lines' });
    const about = JSON.parse(await readFile(join(first, 'about.json'), 'utf8')) as unknown;
    expect(about).toMatchObject({ name: 'first', notes: 'a <note>\nof two lines', started: expect.any(String) });
    expect(notes[0]).toMatch(`Resuming ${first} after step 0: 8 pictures of `);
    expect(notes).toContain('8 pictures are few: `diffaugment` color,translation,cutout helps with small data sets');
  });

  it.each<[string, RunOptions, RegExp]>([
    ['no such data', { data: 'none' }, /none: expected a folder/],
    [
      'a run inside the data',
      { data: '.', out: 'deep/in/it' },
      /^out: expected a folder outside of the data, .*; got deep/,
    ],
    ['a stray option', { evalSamples: 7 }, /^evalSamples: expected it with `features`/],
    ['a missing feature network', { features: 'none.onnx' }, /none\.onnx: cannot be read \(ENOENT\)/],
    ['the folder of TensorBoard files', { out: 'runs/tensorboard/' }, /^out: expected another name than tensorboard, /],
    ['a folder that is a file', { out: 'pictures/0.png' }, /^out: expected a folder/],
  ])('leaves nothing behind after %s', async (_, options, message) => {
    const before = await readdir('.', { recursive: true });
    expect(await refusal({ ...small, data: 'pictures', out: 'new', ...options })).toMatch(message);
    expect(await readdir('.', { recursive: true })).toEqual(before);
  });
});

describe('startRun({ ada })', () => {
  const common = { ada: true, adaImages: 80, lrD: 0.02, data: 'pictures', checkpointEvery: 100 } as const;
  const ada = { ...common, adaSignal: 'sign', adaTarget: 0.1 } as const;
  const lines = async (run: string) =>
    (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => ({ ...(JSON.parse(line) as AdaRow), seconds: 0 }));
  const trained = async (options: RunOptions) => {
    const started = await startRun(options);
    await train(started).finally(() => started.release());
    return started.run;
  };
  beforeAll(async () => {
    await mkdir('noise');
    const random = new Random(3);
    for (let i = 0; i < 16; i++) {
      const data = Uint8Array.from({ length: 3 * 64 }, () => random.integer(256));
      await writeFile(join('noise', `${i}.png`), await encodePng({ width: 8, height: 8, channels: 3, data }));
    }
  });

  it('trains alike with a stop between two changes of the probability, and with several steps per run', async () => {
    const whole = await lines(await trained({ ...small, ...ada, out: 'whole', steps: 14 }));
    await trained({ ...small, ...ada, out: 'halves', steps: 6 });
    expect(await lines(await trained({ resume: 'halves', steps: 14 }))).toEqual(whole);
    expect(await lines(await trained({ ...small, ...ada, out: 'three', steps: 14, stepsPerRun: 3 }))).toEqual(whole);
    expect(await readdir('whole')).toContain('augmentation.png');
    // Follows from the results of the steps before: four steps of four pictures change it by 16/80.
    const found = whole.map(({ augmentation }) => augmentation);
    let expected = 0;
    for (const [at, row] of whole.entries()) {
      if (at > 0 && at % 4 === 0) {
        const mean = whole.slice(at - 4, at).reduce((sum, { signReal }) => sum + signReal, 0) / 4;
        expected = Math.min(1, Math.max(0, expected + Math.sign(mean - 0.1) * 0.2));
      }
      expect(row.augmentation).toBe(expected);
    }
    expect(Math.max(...found)).toBeGreaterThan(0);
  });

  it('follows r_v of held-out pictures by default: alike with a stop, several steps per run, and by hand', async () => {
    const heldOut = {
      ...small,
      ...common,
      data: 'noise',
      norm: 'none',
      ndf: 16,
      heldOut: 0.5,
      adaTarget: 0.2,
    } as const;
    const whole = await lines(await trained({ ...heldOut, out: 'held-whole', steps: 14 }));
    await trained({ ...heldOut, out: 'held-halves', steps: 6 });
    expect(await lines(await trained({ resume: 'held-halves', steps: 14 }))).toEqual(whole);
    expect(await lines(await trained({ ...heldOut, out: 'held-three', steps: 14, stepsPerRun: 3 }))).toEqual(whole);
    expect(await readdir('held-whole')).toEqual(expect.arrayContaining(['augmentation.png', 'logits.png']));
    let expected = 0;
    const found: number[] = [];
    for (const [at, row] of whole.entries()) {
      if (at > 0 && at % 4 === 0) {
        const sum = (key: 'logitReal' | 'logitHeldOut' | 'logitFake') =>
          whole.slice(at - 4, at).reduce((total, each) => total + each[key], 0);
        const signal = (sum('logitReal') - sum('logitHeldOut')) / Math.max(sum('logitReal') - sum('logitFake'), 1e-8);
        expected = Math.min(1, Math.max(0, expected + Math.sign(signal - 0.2) * 0.2));
      }
      expect(row.augmentation).toBe(expected);
      expect(row).not.toHaveProperty('signReal');
      found.push(row.augmentation);
    }
    expect(Math.max(...found)).toBeGreaterThan(0);
  });

  it('says how many pictures are held out, and stores it', async () => {
    const { assumed, config, loader, release } = await startRun({ ...small, ...common, heldOut: 0.25, out: 'said' });
    await release();
    expect(config).toMatchObject({ adaSignal: 'held-out', adaTarget: 0.5, heldOut: 0.25 });
    const said = {
      about: 'held-out pictures',
      taken:
        '2, which the discriminator judges but is never trained on; 6 are trained on; each is about 2.0 times in a batch ' +
        'of 4, which makes a noisy signal',
      because: 'a share of 0.25, drawn by the seed 0',
      options: ['heldOut'],
    };
    expect(assumed).toContainEqual({ ...said, because: `a share of 0.25, drawn by the seed ${config.seed}` });
    expect(loader.length).toBe(6);
    expect(await readFile(join('said', 'config.json'), 'utf8')).toContain('never trained on; 6 are trained on');
  });

  it('goes on with the signs in a run of a version that knew no other signal', async () => {
    const whole = await lines(await trained({ ...small, ...ada, adaTarget: 0.6, out: 'sign-whole', steps: 10 }));
    await trained({ ...small, ...ada, adaTarget: 0.6, out: 'old', steps: 6 });
    for (const file of [join('old', 'config.json'), join('old', 'checkpoints', 'step-0000006', 'state.json')]) {
      const { config, ...rest } = JSON.parse(await readFile(file, 'utf8')) as { config: Record<string, unknown> };
      const { adaSignal: _, heldOut: __, ...older } = config;
      expect(Object.keys(older)).toHaveLength(Object.keys(config).length - 2);
      await writeFile(file, JSON.stringify({ ...rest, config: older }));
    }
    expect(await lines(await trained({ resume: 'old', steps: 10 }))).toEqual(whole);
  });

  it('changes pictures where a few are learned by heart, and none where there are many', async () => {
    const learning = { ...small, ndf: 32, norm: 'none', lr: 2e-4, lrD: 5e-3, batchSize: 8, steps: 80 } as const;
    const adaptive = { ...learning, ada: true, adaImages: 2000 } as const;
    // Noise has nothing in common: what D learns of eight pictures says little of the other eight.
    const few = await lines(await trained({ ...adaptive, data: 'noise', heldOut: 0.5, out: 'few' }));
    expect(overfittingOf(few.slice(0, 40))).toBeGreaterThan(0.4);
    expect(Math.max(...few.map(({ augmentation }) => augmentation))).toBeGreaterThan(0.1);
    // The built-in pictures: 2,048, of which 205 are held out.
    const many = await lines(await trained({ ...adaptive, out: 'many' }));
    expect(overfittingOf(many)).toBeLessThan(0.2);
    expect(many.at(-1)?.augmentation).toBeLessThan(0.05);
  });

  it.each<[RunOptions, RegExp]>([
    [
      { ada: true, adaSignal: 'sign', loss: 'wgan' },
      /^ada: expected the loss bce or hinge beside it with `adaSignal` sign, .*; got true$/,
    ],
    [{ adaSignal: 'held-out' }, /^adaSignal: expected ada beside it; got "held-out"$/],
    [{ ada: true, heldOut: 0 }, /^heldOut: expected a number above 0 with `adaSignal` held-out, .*; got 0$/],
    [{ heldOut: 0.6 }, /^heldOut: expected a number of 0…0\.5; got 0\.6$/],
    [{ heldOut: 0.05 }, /^heldOut: expected a share that holds out at least one of 8 pictures .*; got 0\.05$/],
    [{ ada: true, diffaugment: [] }, /^ada: expected diffaugment beside it; got true$/],
    [{ adaTarget: 0.5 }, /^adaTarget: expected ada beside it; got 0.5$/],
    [{ ada: true, adaTarget: 1 }, /^adaTarget: expected a number above 0 and below 1; got 1$/],
  ])('refuses %o', async (options, message) => {
    expect(await refusal({ ...small, data: 'pictures', out: 'new', ...options })).toMatch(message);
  });
});

describe('startRun({ stepsPerRun })', () => {
  it('trains as single steps do, also where a checkpoint or a sample grid is due in between', async () => {
    const files = async (out: string, stepsPerRun?: number) => {
      const rhythm = { steps: 11, sampleEvery: 5, checkpointEvery: 4 };
      const started = await startRun({
        ...small,
        ...rhythm,
        data: 'pictures',
        out,
        ...(stepsPerRun && { stepsPerRun }),
      });
      const rows: number[] = [];
      const options = { ...started, progress_callback: ({ row }: { row: { step: number } }) => rows.push(row.step) };
      await train(options).finally(() => started.release());
      expect(rows).toEqual(Array.from({ length: 11 }, (_, at) => at + 1));
      const weights = join('checkpoints', 'step-0000008', 'generator', 'weights.bin');
      const metrics = await readFile(join(out, 'metrics.jsonl'), 'utf8');
      return {
        checkpoints: await readdir(join(out, 'checkpoints')),
        weights: await readFile(join(out, weights)),
        metrics: metrics
          .trim()
          .split('\n')
          .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 })),
      };
    };
    expect(await files('together', 3)).toEqual(await files('alone'));
  });

  it.each<[RunOptions, string]>([
    [{ backend: 'cpu' }, 'stepsPerRun: expected `backend` onnxruntime; got cpu'],
    [{ devices: 'cpu:2' }, 'stepsPerRun: expected one device; got `devices` cpu:2'],
  ])('refuses %o', async (options, message) => {
    const { device: _, ...own } = small;
    expect(await refusal({ ...own, data: 'pictures', out: 'new', stepsPerRun: 2, ...options })).toBe(message);
  });
});

describe('startRun({ backend })', () => {
  it.each<[RunOptions, string]>([
    [{ backend: 'tensorflow', device: 'cuda' }, 'device: expected auto or cpu with `backend` tensorflow; got cuda'],
    [{ backend: 'cpu', device: 'webgpu' }, 'device: expected auto or cpu with `backend` cpu; got webgpu'],
  ])('refuses a device of ONNX Runtime that would not be used: %o', async (options, message) => {
    expect(await refusal({ ...small, data: 'pictures', out: 'new', ...options })).toBe(message);
  });

  it('goes with the CPU, where ONNX Runtime then evaluates', async () => {
    await begun({ ...small, data: 'pictures', out: 'by-tfjs', backend: 'cpu', device: 'cpu' });
  });
});

describe('startRun({ out }) where TensorBoard files cannot be written', () => {
  it('says so, and leaves no run', async () => {
    await mkdir('odd');
    await writeFile(join('odd', 'tensorboard'), '');
    const starting = begun({ ...small, data: 'pictures', out: 'odd/run' });
    await expect(starting).rejects.toMatchObject({ code: 'ENOTDIR', path: expect.stringContaining('tensorboard') });
    expect(await readdir('odd')).toEqual(['tensorboard']);
  });
});

describe('startRun({ resume })', () => {
  let run: string;
  let config: string;
  beforeEach(async () => {
    await rm('run', { recursive: true, force: true });
    const made = await startRun({ ...small, data: 'pictures', out: 'run', steps: 60 });
    run = made.run;
    await made.release();
    config = await readFile(join(run, 'config.json'), 'utf8');
  });

  const changed = (change: (file: Record<string, unknown>) => object) =>
    writeFile(join(run, 'config.json'), JSON.stringify(change(JSON.parse(config) as Record<string, unknown>)));

  it('keeps runs/latest pointing at the run that it names, also by another name', async () => {
    await symlink('runs', 'other');
    for (const resume of [join('runs', 'latest'), join('other', 'latest')]) {
      const started = await startRun({ resume });
      await started.release();
      expect(await realpath(join('runs', 'latest'))).toBe(await realpath(run));
    }
    expect(await readdir('tensorboard')).not.toContain('latest');
  });

  it('refuses fewer steps than were done, and leaves config.json as it is', async () => {
    const started = await startRun({ resume: run, steps: 3, checkpointEvery: 3 });
    await train(started).finally(() => started.release());
    const before = await readFile(join(run, 'config.json'), 'utf8');
    expect(await refusal({ resume: run, steps: 2 })).toBe(
      `steps: expected at least 3, which ${run} has done already; got 2`,
    );
    expect(await refusal({ resume: run, epochs: 1 })).toBe(
      `epochs: expected at least 2, which ${run} has done already; got 1`,
    );
    expect(await readFile(join(run, 'config.json'), 'utf8')).toBe(before);
  });

  it.each<[string, (file: Record<string, unknown>) => object, string]>([
    [
      'steps that are no count',
      (file) => ({ ...file, steps: 1e300 }),
      'steps: expected a whole number of at least 1; got 1e+300',
    ],
    [
      'no steps',
      (file) => ({ ...file, steps: undefined }),
      'steps: expected a whole number of at least 1; got nothing',
    ],
    ['data that is a number', (file) => ({ ...file, data: 7 }), 'data: expected a path; got 7'],
    [
      'options that are a list',
      (file) => ({ ...file, dataOptions: [] }),
      'dataOptions: expected an object of settings; got []',
    ],
    [
      'an option of no use',
      (file) => ({ ...file, dataOptions: { out: 'x' } }),
      'dataOptions: out: expected the name of a setting',
    ],
    [
      'an evaluation without samples',
      (file) => ({ ...file, evaluation: { evalEvery: 3 } }),
      'evaluation: evalSamples: expected an integer',
    ],
    [
      'an address',
      (file) => ({ ...file, evaluation: { evalEvery: 3, evalSamples: 9, features: 'http://127.0.0.1:9/f.onnx' } }),
      'evaluation: features: expected a file (give `features` again to fetch an address',
    ],
  ])('refuses a config.json with %s in one line', async (_, change, message) => {
    await changed(change);
    const found = await refusal({ resume: run });
    expect(found).toContain(`${join(run, 'config.json')}: ${message}`);
    expect(found).not.toContain('\n');
  });

  it('refuses another feature network, unless the run goes on without evaluations', async () => {
    await saveFeatures('f.onnx', 1);
    const given = { ...small, data: 'pictures', steps: 60, features: 'f.onnx', evalSamples: 4 };
    const evaluated = await begun({ ...given, out: 'evaluated' });
    const file = join('evaluated', 'config.json');
    await saveFeatures('f.onnx', 2);
    expect(await refusal({ resume: evaluated.run })).toMatch(
      /^evaluated\/config\.json: evaluation: features: expected the network that the run was evaluated by so far .*; got another/,
    );
    await begun({ resume: evaluated.run, eval: false });
    expect(await refusal({ resume: evaluated.run })).toContain('got another in ');
    // As earlier versions wrote it.
    const saved = JSON.parse(await readFile(file, 'utf8')) as { evaluation: Record<string, unknown> };
    const { featuresDigest, ...older } = saved.evaluation;
    expect(featuresDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    await writeFile(file, JSON.stringify({ ...saved, evaluation: older }));
    await begun({ resume: evaluated.run });
    await saveFeatures('f.onnx', 1);
    expect(await refusal({ resume: evaluated.run })).toContain('got another in ');
    await rm('evaluated', { recursive: true });
  });

  it('refuses other pictures, unless they are named again', async () => {
    await writeFile(join('pictures', '8.png'), await encodePng(flat(200)));
    try {
      expect(await refusal({ resume: run })).toMatch(/^data: expected the pictures that the run was trained on so far/);
      const { notes } = await begun({ resume: run, data: 'pictures' });
      expect(notes).toContain('The pictures are not those the run was trained on so far.');
      expect((await begun({ resume: run })).run).toBe(run);
    } finally {
      await rm(join('pictures', '8.png'));
    }
  });
});

describe('startRun({ resume }) with labels in a list', () => {
  /** Writes labels of 130 pictures, of which the list is none of those whose content is sampled. */
  const label = (first: number) =>
    writeFile(
      join('listed', 'z', 'dataset.json'),
      JSON.stringify({ labels: Array.from({ length: 130 }, (_, i) => [`${100 + i}.png`, (i + first) % 2]) }),
    );

  it('refuses exchanged labels, and goes on with a run of a version that did not look at them', async () => {
    await mkdir(join('listed', 'z'), { recursive: true });
    for (let i = 0; i < 130; i++) await writeFile(join('listed', 'z', `${100 + i}.png`), await encodePng(flat(i)));
    await label(0);
    const { run } = await begun({ ...small, data: 'listed', conditional: true, out: 'of-lists', steps: 60 });
    await label(1);
    expect(await refusal({ resume: run })).toMatch(/^data: expected the pictures that the run was trained on so far/);
    const file = join(run, 'config.json');
    const saved = JSON.parse(await readFile(file, 'utf8')) as { dataIdentity: string };
    const [older] = saved.dataIdentity.split('+');
    expect(older).not.toBe(saved.dataIdentity);
    await writeFile(file, JSON.stringify({ ...saved, dataIdentity: older }));
    await begun({ resume: run });
    await label(0);
    expect(await refusal({ resume: run })).toMatch(/^data: expected the pictures/);
  });
});

describe('startRun({ conditional })', () => {
  const options = { ...small, conditional: true, out: 'labelled', steps: 4, checkpointEvery: 2, sampleEvery: 2 };
  beforeAll(async () => {
    for (const [at, name] of ['dark', 'light', 'other'].entries()) {
      await mkdir(join('classes', name), { recursive: true });
      for (let i = 0; i < 4; i++)
        await writeFile(join('classes', name, `${i}.png`), await encodePng(flat(60 * at + 20 * i)));
    }
  });

  it('trains with the classes of the data, and goes on with them bit for bit', async () => {
    const weights = async (run: string) =>
      readFile(join(run, 'checkpoints', 'step-0000004', 'generator', 'weights.bin'));
    const ended = async (given: RunOptions) => {
      const started = await startRun(given);
      await train(started).finally(() => started.release());
      return started;
    };
    const { config, run } = await ended({ ...options, data: 'classes' });
    expect(config.classNames).toEqual(['dark', 'light', 'other']);
    expect(await readFile(join(run, 'report.html'), 'utf8')).toContain(
      'rows from the top: dark, light, other; after step 4',
    );
    const half = await ended({ ...options, data: 'classes', out: 'halfway', steps: 2 });
    await ended({ resume: half.run, steps: 4 });
    expect(await weights(half.run)).toEqual(await weights(run));
    await rm(join('classes', 'other'), { recursive: true });
    const other = await refusal({ resume: run, data: 'classes' });
    expect(other).toMatch(
      /^data: expected the classes .*\["dark","light","other"\]; got \["dark","light"\] in 8 pictures/,
    );
  });

  it('refuses pictures without classes', async () => {
    expect(await refusal({ ...options, data: 'pictures', out: 'new' })).toMatch(
      /^conditional: expected pictures of at least two classes, such as class folders; got 8 pictures of .*, which has no classes$/,
    );
  });
});
