/** @file A classifier's features, a run that is evaluated while it trains, and gan-eval on it: the same numbers. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderOf, idxFile } from '../trainer/data/data.test.helper.js';
import { decodePicture } from '../inference/pictures/pictures.node.js';
import { LIST_MODULES, ran } from './child.test.helper.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-eval-'));
  await mkdir(join(folder, 'digits'));
  // Class 0 is bright above, class 1 below.
  const pixels = Array.from({ length: 60 * 64 }, (_, at) => {
    const [picture, y] = [Math.floor(at / 64), Math.floor((at % 64) / 8)];
    return (picture % 2 === 0) === y < 4 ? 200 + ((at * at) % 50) : (at * at) % 60;
  });
  await writeFile(join(folder, 'digits', 'train-images-idx3-ubyte'), idxFile([60, 8, 8], pixels));
  const labels = Array.from({ length: 60 }, (_, picture) => picture % 2);
  await writeFile(join(folder, 'digits', 'train-labels-idx1-ubyte'), idxFile([60], labels));
  for (const name of ['new', 'loop']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'new', 'config.json'), '{}');
  await symlink('config.json', join(folder, 'loop', 'config.json'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const network = '--data digits --image-size 8 --channels 1 --ngf 4 --ndf 4 --batch-size 8 --latent-dim 8 --device cpu';
const words = (text: string) => text.split(' ');

/** What was assumed, as files and `--json` say it. */
interface Told {
  assumed: { about: string; taken: string; because: string; options: string[] }[];
}

it('a run is evaluated, its best checkpoint marked, exported and evaluated again', async () => {
  const options =
    'gan-features --data digits --image-size 16 --width 4 --epochs 8 --batch-size 8 --lr 0.01 --device cpu --out f.onnx';
  const features = await ran('gan-features', words(options).slice(1), folder);
  expect(features.stdout).toMatch(
    /Trained on 54 pictures of 2 classes; accuracy \d+\.\d\d % on 6 held-out pictures\n {2}f\.onnx {2}8 features/,
  );

  const evaluation = words(
    '--out run --steps 12 --features f.onnx --eval-every 5 --eval-samples 40 --checkpoint-every 100 --keep 1',
  );
  const trained = await ran('gan-train', [...words(network), ...evaluation], folder);
  expect(trained).toMatchObject({ code: 0 });
  const lines = (await readFile(join(folder, 'run', 'quality.jsonl'), 'utf8')).trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as Told & { step: number; kid: number });
  expect(rows.map(({ step }) => step)).toEqual([5, 10, 12]);
  expect(rows[0]).toMatchObject({ real: 40, generated: 40, subsetSize: 20 });
  const told = (about: string) => rows[0]?.assumed.find((each) => each.about === `${about} of the evaluation`);
  expect(told('numbers')).toMatchObject({
    taken: expect.stringContaining('mean 0.5'),
    options: ['featuresMean', 'featuresStd'],
  });
  expect(told('KID')).toMatchObject({ taken: '100 subsets of 20 pictures', options: [] });
  expect(trained.stdout).toMatch(
    /^Numbers of the evaluation: mean 0\.5, .*change it with --features-mean, --features-std\)$/m,
  );
  const { assumed } = JSON.parse(await readFile(join(folder, 'run', 'config.json'), 'utf8')) as Told;
  expect(assumed.map(({ about }) => about)).toEqual(['split', 'classes', 'pictures', 'resizing']);
  expect(rows[0]).not.toHaveProperty('frechet');
  expect(await readFile(join(folder, 'run', 'report.html'), 'utf8')).toContain('<h2>Quality</h2>');

  const best = rows.reduce((a, b) => (b.kid < a.kid ? b : a));
  const again = await ran(
    'gan-eval',
    words('run --features f.onnx --samples 40 --checkpoint best --device cpu --json'),
    folder,
  );
  expect(again).toMatchObject({ code: 0 });
  expect(JSON.parse(again.stdout)).toMatchObject({ step: best.step, kid: expect.closeTo(best.kid, 4) });
  const parts = await ran(
    'gan-eval',
    words('run --features f.onnx --samples 40 --checkpoint best --device cpu --json --out parts'),
    folder,
  );
  const { seconds: _seconds, ...numbers } = JSON.parse(again.stdout) as { seconds: number };
  expect(JSON.parse(parts.stdout)).toMatchObject(numbers);
  expect(JSON.parse(await readFile(join(folder, 'parts', 'results.json'), 'utf8'))).toMatchObject(numbers);
  const exported = await ran('gan-export', words('--run run --checkpoint best'), folder);
  expect(exported.stdout).toContain(`step-00000${`${best.step}`.padStart(2, '0')} (step ${best.step})`);

  const longer = await ran('gan-train', words('--resume run --steps 15 --device cpu'), folder);
  expect(longer.stdout).toContain('step 15, 40 real and 40 generated pictures');
  const other = await ran('gan-train', words('--resume run --steps 16 --eval-samples 50 --device cpu'), folder);
  expect(other.stderr).toMatch(/^gan-train: --eval-samples: expected 40, as a resumed run keeps it .*; got 50/);
}, 300_000);

it('broken pictures are named at the end, and --strict stops at them', async () => {
  const sound = Array.from({ length: 12 }, (_, i) => [`${i % 2 ? 'dark' : 'light'}/${i}.png`, 20 * i] as const);
  const data = await folderOf({ ...Object.fromEntries(sound), 'dark/torn.png': 'no picture' });
  const named = /^Warning: skipped 1 file:\nWarning: {3}dark\/torn\.png: [^\n]+\n/m;
  const error = (command: string) =>
    new RegExp(`^${command}: --strict: expected no broken picture; got dark/torn\\.png: [^\\n]+\\n$`);
  const training = ['--data', data, ...words('--image-size 16 --width 2 --epochs 1 --batch-size 4 --device cpu')];
  const features = await ran('gan-features', [...training, '--out', 'torn.onnx'], folder);
  expect([features.code, features.stderr]).toEqual([3, expect.stringMatching(named)]);
  const strictFeatures = await ran('gan-features', [...training, '--strict'], folder);
  expect([strictFeatures.code, strictFeatures.stderr]).toEqual([2, expect.stringMatching(error('gan-features'))]);

  const evaluation = ['run', '--data', data, ...words('--features f.onnx --samples 30 --device cpu')];
  const compared = await ran('gan-eval', evaluation, folder);
  expect(compared.stdout).toContain(', 12 real and 30 generated pictures');
  expect(compared.stderr).toMatch(named);
  const json = await ran('gan-eval', [...evaluation, '--json'], folder);
  expect(JSON.parse(json.stdout)).toMatchObject({ real: 12, skipped: [expect.stringMatching(/^dark\/torn\.png: /)] });
  const strict = await ran('gan-eval', [...evaluation, '--strict'], folder);
  expect([strict.code, strict.stderr]).toEqual([2, expect.stringMatching(error('gan-eval'))]);

  const run = ['--data', data, '--out', 'torn', '--features', 'f.onnx', ...words(network).slice(2)];
  const trained = await ran('gan-train', [...run, ...words('--steps 2 --eval-samples 30')], folder);
  expect(trained.stdout).toContain(', 12 real and 30 generated pictures');
  expect(trained.stderr).toMatch(named);
}, 300_000);

it('compares any two sets of pictures', async () => {
  const pictures = await folderOf(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}.png`, 20 * i])));
  const options = words('--features f.onnx --samples 30 --device cpu --json');
  const compared = async (...sets: string[]) => {
    const { code, stdout, stderr } = await ran('gan-eval', [...sets, ...options], folder);
    expect([code, stderr]).toEqual([0, expect.stringContaining('cannot be resumed')]);
    return JSON.parse(stdout) as Told & { sets: { pictures: number }[]; kid: number; kidStd: number };
  };
  const generated = await compared('run/onnx/generator.onnx', pictures);
  expect(generated.sets.map((set) => set.pictures)).toEqual([30, 12]);
  expect(generated.kidStd).toBeGreaterThan(0);
  expect(generated).toMatchObject({ manifold: { real: 12, fake: 30 } });
  const kid = {
    about: 'KID',
    taken: '100 subsets of 6 pictures',
    because: 'half of the smaller set',
    options: ['subsetSize'],
  };
  expect(generated.assumed.at(-1)).toEqual(kid);
  expect(generated.assumed.map(({ about }) => about)).toEqual(
    expect.arrayContaining(['range of run/onnx/generator.onnx', 'picture', 'resizing', 'numbers', 'features']),
  );
  const squashed = await ran(
    'gan-eval',
    ['run/onnx/generator.onnx', pictures, ...options, '--resize', 'squash'],
    folder,
  );
  expect(squashed.stderr).toMatch(/Resizing: squash .*\(as stated; change it with --resize\)/);
  const needless = await ran('gan-eval', [pictures, pictures, ...options, '--range', '0,1'], folder);
  expect(needless.stderr).toBe("gan-eval: --range: expected a generator's .onnx file as a set; got none\n");
  const same = await compared(pictures, pictures);
  expect(Math.abs(same.kid)).toBeLessThan(generated.kid);
  expect(same).toMatchObject({ manifold: { precision: 1, recall: 1, coverage: 1 } });
  const without = await ran('gan-eval', [pictures, pictures, ...options, '--manifold-samples', '0'], folder);
  const [columns, rows] = [6, 8];
  const pair = [pictures, 'run/onnx/generator.onnx', ...options, '--nearest', 'figures/nearest.png'];
  expect((await ran('gan-eval', pair, folder)).stderr).toContain('Nearest pictures in figures/nearest.png');
  const figure = await decodePicture(join(folder, 'figures', 'nearest.png'));
  expect(figure.width).toBeGreaterThan(columns * 96);
  expect(figure.height).toBeGreaterThan(rows * 96);
  expect(JSON.parse(without.stdout)).not.toHaveProperty('manifold');
}, 120_000);

describe('gan-eval', () => {
  it('says in words what it found, and why there is no Fréchet distance', async () => {
    const { stdout } = await ran('gan-eval', words('run --features f.onnx --samples 30 --device cpu'), folder);
    expect(stdout).toMatch(/^run\/checkpoints\/step-\d+ against 60 pictures of .*digits/m);
    expect(stdout).toMatch(/Features f\.onnx:features, step \d+, 30 real and 30 generated pictures\n/);
    expect(stdout).toMatch(
      /Fréchet distance: not given for fewer than 2,048 pictures of each kind.*\n {2}KID: \S+ ± \S+ \(.*\n {2}Precision: \d\.\d{3}, recall: \d\.\d{3} \(30 and 30 pictures\)\n {2}Density: \S+, coverage: /,
    );
  });

  it.each([
    ['run', '--features: expected MODEL.onnx[:LAYER]; gan-features makes one'],
    [
      'none --features f.onnx',
      'none: expected the folder of a run, or a second set of pictures to compare with; got neither',
    ],
    [
      '1e3 --features f.onnx',
      '1e3: expected the folder of a run, or a second set of pictures to compare with; got neither',
    ],
    ['loop --features f.onnx', 'loop/config.json: cannot be read (ELOOP)'],
    ['new digits --features f.onnx', 'new: expected a run with a checkpoint; it has none yet'],
    ['run --features f.onnx --mean 0.5', '--mean: expected it together with --std; got one of them'],
    ['run --features f.onnx --nearest n.gif', '--nearest: expected a .png file; got n.gif'],
    [
      'run --features f.onnx --nearest n.png --manifold-samples 0',
      '--manifold-samples: expected at least 2 beside nearest; got 0',
    ],
    ['run --features f.onnx --nearest n.png --out o', '--nearest: expected it without --out; got both'],
    [
      'run --features f.onnx --manifold-samples -1',
      '--manifold-samples: expected a whole number of at least 0; got -1',
    ],
    ['run --features f.onnx --samples 1', '--samples: expected a whole number of at least 2; got 1'],
  ])('answers "%s" with one line and exit code 2', async (options, line) => {
    const { code, stderr } = await ran('gan-eval', [...words(options), '--device', 'cpu'], folder);
    expect([code, stderr]).toEqual([2, `gan-eval: ${line}\n`]);
  });
});

it.each(['gan-eval', 'gan-features'] as const)('--help of %s loads no runtime', async (command) => {
  const { code, stdout, stderr } = await ran(command, ['--help'], folder, [LIST_MODULES]);
  expect([code, stdout.startsWith(command)]).toEqual([0, true]);
  expect(stderr).not.toMatch(/onnxruntime|tfjs|sharp|canvas/);
});
