import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { float32Tensor, GraphBuilder, modelOfGraph, saveModel } from '../../../onnx/index.js';
import { Generator } from '../../networks/generator.js';
import { decodePicture, encodePng } from '../../pictures/pictures.node.js';
import { runJob } from '../run-job.node.js';
import { jobOf } from './job-of.test.helper.js';

const tiny = (name: string) => fileURLToPath(new URL(`../../../../fixtures/tiny/${name}`, import.meta.url));

test('features are compared as `preparation` says, and the journal tells what was assumed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'projection-'));
  const model = tiny('generator.onnx');
  await using generator = await Generator.load(model, { device: 'cpu' });
  const target = join(folder, 'target.png');
  const [made] = await generator.pictures(Float32Array.from({ length: generator.latentDim }, (_, i) => Math.sin(i)));
  await writeFile(target, await encodePng(made!));
  const projected = async (mean?: number) => {
    const out = join(folder, `mean-${mean}`);
    const words = { project: target, steps: 2, restarts: 1, featureWeight: 1, out };
    const job = jobOf({ ...words, discriminator: tiny('discriminator.onnx') });
    const losses: unknown[] = [];
    const stated = mean === undefined ? {} : { preparation: { normalization: { mean: [mean], std: [0.5] } } };
    await runJob(job, { model, generator, ...stated, record: ({ loss }) => losses.push(loss) });
    const { assumed } = JSON.parse(await readFile(join(out, 'sampling.json'), 'utf8')) as { assumed: unknown[] };
    return { losses, assumed };
  };
  const [own, stated] = [await projected(), await projected(0.1)];
  expect(own.assumed).toEqual(expect.arrayContaining([...generator.assumptions]));
  const of = (because: string) =>
    expect.objectContaining({ about: 'numbers of the discriminator', because }) as unknown;
  expect(own.assumed).toContainEqual(of("as the model's metadata say"));
  expect(stated.assumed).not.toContainEqual(of("as the model's metadata say"));
  expect(stated.losses).not.toEqual(own.losses);
});

/** Latents of 6 numbers as a picture of 8×8, with blue, green and red apart; a class adds a latent of its own. */
function waves(layout: 'NCHW' | 'NHWC', order: 'Rgb8' | 'Bgr8', label?: 'before' | 'after') {
  const b = new GraphBuilder();
  const classes = () => b.input('label', 'float32', ['N', 3]);
  const before = label === 'before' && classes();
  let z = b.input('z', 'float32', ['N', 6]);
  const chosen = label === 'after' ? classes() : before;
  const numbers = (count: number, each: (i: number) => number) =>
    Float32Array.from({ length: count }, (_, i) => each(i));
  if (chosen) {
    const rows = float32Tensor(
      numbers(18, (i) => 2 * Math.sin(5 * i)),
      [3, 6],
    );
    z = b.add(z, b.matMul(chosen, b.initializer('classes', rows)));
  }
  const wave = (i: number) => {
    const [k, c, y, x] = [Math.floor(i / 192), Math.floor((i % 192) / 64), Math.floor((i % 64) / 8), i % 8];
    return 0.5 * Math.sin(0.3 * (k + 1) * x + 0.7 * y * (k % 3) + c * (k + 2));
  };
  const weights = b.initializer('weights', float32Tensor(numbers(6 * 192, wave), [6, 192]));
  const image = b.op('Tanh', [b.reshape(b.matMul(z, weights), ['N', 3, 8, 8])]);
  b.output(layout === 'NHWC' ? b.transpose(image, [0, 2, 3, 1]) : image, 'image');
  return { ...modelOfGraph(b.graph), metadata: new Map([['Image.BitmapPixelFormat', order]]) };
}

test.each([
  ['channels last', waves('NHWC', 'Rgb8'), undefined],
  ['blue first', waves('NCHW', 'Bgr8'), undefined],
  ['the latent before the class', waves('NCHW', 'Rgb8', 'after'), 1],
  ['the class before the latent', waves('NHWC', 'Bgr8', 'before'), 1],
])('finds the picture of a generator with %s', async (_, network, label) => {
  const folder = await mkdtemp(join(tmpdir(), 'projection-'));
  const [model, target, out] = [join(folder, 'waves.onnx'), join(folder, 'target.png'), join(folder, 'out')];
  await saveModel(model, network);
  await using generator = await Generator.load(model, { device: 'cpu', ...(label !== undefined && { label }) });
  const [made] = await generator.sample([3]);
  await writeFile(target, await encodePng(made!));
  await runJob(jobOf({ project: target, restarts: 4, steps: 200, out }), { model, generator });
  const { data } = await decodePicture(join(out, 'result.png'));
  const differences = Array.from(data, (level, i) => Math.abs(level - made!.data[i]!));
  expect(Math.max(...differences)).toBeLessThan(8);
});

test('refuses classes that differ from latent to latent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'projection-'));
  const [model, target] = [join(folder, 'waves.onnx'), join(folder, 'target.png')];
  await saveModel(model, waves('NCHW', 'Rgb8', 'after'));
  await using generator = await Generator.load(model, { device: 'cpu', label: 'random' });
  await writeFile(target, await encodePng((await generator.sample([3]))[0]!));
  const running = runJob(jobOf({ project: target, out: join(folder, 'out') }), { model, generator });
  await expect(running).rejects.toThrow('label: expected one class, as what is computed depends on it; got random');
});

test('refuses features of pictures of another size than the generator makes, and says how a target is cropped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'projection-'));
  const [model, discriminator] = [join(folder, 'generator.onnx'), join(folder, 'discriminator.onnx')];
  await saveModel(model, waves('NCHW', 'Rgb8'));
  const b = new GraphBuilder();
  const kernel = b.initializer('kernel', float32Tensor(new Float32Array(27).fill(0.1), [1, 3, 3, 3]));
  b.output(b.op('Conv', [b.input('image', 'float32', ['N', 3, 16, 16]), kernel]), 'logit');
  await saveModel(discriminator, modelOfGraph(b.graph));
  await using generator = await Generator.load(model, { device: 'cpu' });
  const target = join(folder, 'target.png');
  await writeFile(target, await encodePng({ width: 24, height: 8, channels: 3, data: new Uint8Array(576) }));
  const told: string[] = [];
  const context = { model, generator, log: (line: string) => told.push(line) };
  const words = { project: target, steps: 1, restarts: 1, out: join(folder, 'out') };
  await expect(runJob(jobOf({ ...words, featureWeight: 1, discriminator }), context)).rejects.toThrow(
    /discriminator\.onnx: expected pictures \[N, 3, 8, 8\], as the generator makes them; got NCHW of 3 channels and 16×16 pixels$/,
  );
  expect(told).toEqual(['Target of 24×8 to 8×8: crop (shorter side resized, middle cut out) (default)']);
});
