/** @file Probes as users run them. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenPath } from '../fixtures/golden.js';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { normalLatents } from '../inference/latent/latents.js';
import { metadataEntries } from '../inference/networks/metadata.js';
import { GraphBuilder, modelOfGraph } from '../onnx/build/build.js';
import { saveModel } from '../onnx/files/load.node.js';
import type { Model } from '../onnx/graph/graph.js';
import { float32Tensor } from '../onnx/graph/tensor.js';
import { spacePicture } from '../trainer/data/space/space.js';
import { ran } from './child.test.helper.js';

const tiny = (role: string) => fileURLToPath(new URL(`../../fixtures/tiny/${role}.onnx`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-probe-'));
  await saveModel(file('unconditional'), generatorModel(false));
  await saveModel(file('conditional'), generatorModel(true));
  await saveModel(file('judge'), judgeModel());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = (name: string) => join(folder, `${name}.onnx`);

/** tanh(latent + class / 2) as a picture of 4×4 pixels; class 0 is taken where there are no classes. */
function generatorModel(isConditional: boolean): Model {
  const b = new GraphBuilder();
  let value = b.input('latents', 'float32', ['batch', 48]);
  if (isConditional) {
    const table = b.initializer('table', float32Tensor([0, 0.5], [2, 1]));
    value = b.add(value, b.op('Gather', [table, b.input('label', 'int64', ['batch'])], { axis: 0 }));
  }
  b.output(b.op('Tanh', [b.reshape(value, [-1, 3, 4, 4])]), 'pictures');
  return modelOfGraph(b.graph);
}

/** The mean of a picture, and 8 for the class `light`. */
function judgeModel(): Model {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', ['batch', 3, 4, 4]);
  const table = b.initializer('table', float32Tensor([0, 8], [2, 1]));
  const row = b.op('Gather', [table, b.input('label', 'int64', ['batch'])], { axis: 0 });
  const kernel = b.initializer('kernel', float32Tensor([1 / 3, 1 / 3, 1 / 3], [1, 3, 1, 1]));
  const grey = b.op('Conv', [image, kernel], { kernel_shape: [1, 1] }, 'grey');
  b.output(b.add(b.reduceMean(b.op('Flatten', [grey], { axis: 1 }), [1], true), row), 'logit');
  const run = { preset: 'space', seed: 0, step: 1, resize: 'crop', latentDistribution: 'normal' } as const;
  const sizes = { channels: 3, height: 4, width: 4, latentDim: 48 } as const;
  const outputs = { outputRange: 'tanh', logits: ['logit'], probabilities: [] } as const;
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  const metadata = { role: 'discriminator', ...run, ...sizes, ...outputs, normalization, classes: ['dark', 'light'] };
  return modelOfGraph(b.graph, metadataEntries(metadata as Parameters<typeof metadataEntries>[0]));
}

const results = async (out: string) => JSON.parse(await readFile(join(folder, out, 'results.json'), 'utf8'));

describe('gan-probe', () => {
  it('generator writes figures, arrays and results.json', async () => {
    const options = ['--model', tiny('generator'), '--seed', '7', '--box', '8,8,10,8', '--device', 'cpu'];
    const { code, stdout } = await ran('gan-probe', ['generator', ...options], folder);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Range: black is -1[\s\S]*\nLatent: z\d+ [+−]0\.\d/)]);
    expect(await readdir(join(folder, 'probe-generator'))).toEqual(
      'directions.npy directions.png features.npy features.png latent-effects.npy latent.png picture.png results.json'.split(
        ' ',
      ),
    );
    const { probe, complete, attribution, assumed, options: given } = await results('probe-generator');
    expect([probe, complete, attribution.directions.length]).toEqual(['generator', true, 4]);
    expect(assumed.map(({ about }: { about: string }) => about)).toEqual(['latent', 'pictures', 'range']);
    expect(given).toEqual({ model: tiny('generator'), seed: 7, box: '8,8,10,8' });
  }, 30_000);

  it('generator --discriminator attributes the score of the network beside it', async () => {
    const options = [
      '--model',
      tiny('generator'),
      '--seed',
      '7',
      '--discriminator',
      '--out',
      'scored',
      '--device',
      'cpu',
    ];
    const { code, stdout } = await ran('gan-probe', ['generator', ...options], folder);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/\nScore "real" of seed 7: −0\.73, [\s\S]*\nLatent: z\d+ /),
    ]);
    expect(await readdir(join(folder, 'scored'))).toEqual(
      'along.png features.npy features.png latent-effects.npy latent.png picture.png results.json'.split(' '),
    );
    const { scoreAttribution, assumed } = await results('scored');
    expect(scoreAttribution.along.map(({ move }: { move: number }) => move)).toEqual([-3, -1.5, 0, 1.5, 3]);
    expect(assumed.map(({ about }: { about: string }) => about)).toContain('output');
  }, 30_000);

  it.each([
    ['the discriminator, if the generator has no classes', 'unconditional', 'light', 'as stated', 0],
    ['both', 'conditional', '1', "as the generator's", 0.5],
  ])('generator --discriminator --label is the class of %s', async (_, generator, label, because, shift) => {
    const networks = ['--model', file(generator), '--discriminator', file('judge'), '--target', 'real'];
    const words = ['generator', ...networks, '--label', label, '--device', 'cpu', '--out', generator];
    const { code, stderr } = await ran('gan-probe', words, folder);
    expect([code, stderr]).toEqual([0, '']);
    const { scoreAttribution, assumed } = await results(generator);
    const picture = normalLatents([0], 48).map((value) => Math.tanh(value + shift));
    expect(scoreAttribution.score).toBeCloseTo(8 + picture.reduce((sum, value) => sum + value / 48, 0), 4);
    const [one, ...more] = assumed.filter(({ taken }: { taken: string }) => taken.includes('(light)'));
    expect([one, more]).toEqual([expect.objectContaining({ about: 'label', because }), []]);
  });

  it('walk and maximise leave a label to the network that has classes', async () => {
    const common = ['--generator', file('unconditional'), '--label', 'light', '--device', 'cpu'];
    const walk = ['walk', '--model', file('judge'), '--seeds', '1,2', '--frames', '2'];
    const walked = await ran('gan-probe', [...walk, ...common], folder);
    expect([walked.code, walked.stderr]).toEqual([0, '']);
    expect(walked.stdout).toContain('1 (light) of 2');
    const maximise = ['maximise', file('judge'), '--steps', '2', '--target', 'real'];
    const found = await ran('gan-probe', [...maximise, ...common], folder);
    expect([found.code, found.stderr]).toEqual([0, '']);
    expect(found.stdout).toContain('1 (light) of 2');
  });

  it('walk explains every frame on one scale, and tells where the attention is', async () => {
    const networks = ['--model', tiny('discriminator'), '--generator', tiny('generator'), '--device', 'cpu'];
    const options = ['--seeds', '1,2', '--frames', '3', '--box', '0,0,32,32', '--format', 'gif', '--out', 'walked'];
    const { code, stdout } = await ran('gan-probe', ['walk', ...networks, ...options], folder);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/Layer: d_stage3_conv[\s\S]*\n3 frames, fake at d_stage3/),
    ]);
    expect(await readdir(join(folder, 'walked'))).toEqual([
      'attention.png',
      'filmstrip.png',
      'results.json',
      'score.png',
      'walk.gif',
    ]);
    const { frames, explained } = await results('walked');
    expect(frames.map(({ frame }: { frame: number }) => frame)).toEqual([0, 1, 2]);
    for (const { attention } of frames) expect(attention.inside).toBeCloseTo(1, 6);
    expect(explained.largest).toBeGreaterThan(0);
  }, 30_000);

  it('checkpoints compares maps with the last one, inside the boxes of CUB, and refuses other networks', async () => {
    const birds = join(folder, 'birds');
    await mkdir(join(birds, 'images'), { recursive: true });
    for (const seed of [1, 2])
      await writeFile(join(birds, 'images', `${seed}.png`), await encodePng(spacePicture(32, seed, 3)));
    await writeFile(join(birds, 'images.txt'), '1 1.png\n2 2.png\n');
    await writeFile(join(birds, 'bounding_boxes.txt'), '1 0.0 0.0 32.0 32.0\n2 0.0 0.0 32.0 16.0\n');
    const model = tiny('discriminator');
    const options = ['birds', '--device', 'cpu', '--models', model];
    const same = await ran('gan-probe', ['checkpoints', ...options, model, '--out', 'same'], folder);
    expect([same.code, same.stderr]).toEqual([0, '']);
    const { checkpoints, boxes } = await results('same');
    expect(boxes.area).toBe(0.75);
    const [first, last] = checkpoints;
    expect([first.difference, first.correlation, first.score]).toEqual([0, expect.closeTo(1, 6), last.score]);
    expect(first.pictures[0].attention.inside).toBeCloseTo(1, 6);
    expect(first.pictures[1].attention.inside).toBeLessThan(1);
    const other = await ran('gan-probe', ['checkpoints', ...options, goldenPath('discriminator-conv.onnx')], folder);
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/^gan-probe: --layer: expected layer "d_stage3_conv.*; got layer "\/main.*onnx\n$/),
    ]);
  }, 30_000);

  it('maximise finds pictures, and latents of the generator, with a curve and the pictures on the way', async () => {
    const options = [
      '--channel',
      '0-1',
      '--layer',
      '1',
      '--steps',
      '4',
      '--every',
      '2',
      '--seed',
      '3',
      '--device',
      'cpu',
    ];
    const judge = tiny('discriminator');
    const { code, stdout } = await ran('gan-probe', ['maximise', judge, ...options, '--out', 'units'], folder);
    const line = /\nchannel 0 of d_stage2_conv\/Conv: .* → .*\nchannel 1 of d_stage2_conv\/Conv: .* → /;
    expect([code, stdout]).toEqual([0, expect.stringMatching(line)]);
    expect(await readdir(join(folder, 'units'))).toEqual([
      '1-channel_0_of_d_stage2_conv_Conv.png',
      '2-channel_1_of_d_stage2_conv_Conv.png',
      'maximised.png',
      'results.json',
      'score.png',
      'scores.npy',
      'steps.png',
    ]);
    const latent = ['--generator', tiny('generator'), '--steps', '4', '--device', 'cpu', '--out', 'latent'];
    const found = await ran('gan-probe', ['maximise', judge, ...latent], folder);
    expect([found.code, found.stderr]).toEqual([0, '']);
    const { probe, ascent, maximised, generator } = await results('latent');
    expect([probe, ascent.steps, ascent.l2, generator]).toEqual(['maximise', 4, 1, tiny('generator')]);
    expect(maximised[0].label).toBe('real');
    expect(maximised[0].score).toBeGreaterThan(maximised[0].before);
  }, 30_000);

  it.each([
    [['checkpoints', 'birds'], '--models: expected two or more .onnx files, or --run with a run; got none'],
    [['checkpoints'], 'PICTURE: expected picture files or folders for checkpoints; got none'],
    [['walk'], '--seeds: expected at least two, such as 1,2; got none'],
    [['walk', '--seeds', '1'], '--seeds: expected at least two, between which it walks; got 1'],
    [
      ['walk', '--seeds', '1,2', '--generator', tiny('generator'), '--model', goldenPath('squeeze.onnx')],
      '--target: expected a class, as the top class may change from frame to frame; got none',
    ],
    [['nearest', 'birds'], '--among: expected a folder of pictures; got none'],
    [['generator', '--fps', '3'], /^--fps: expected an option of generator .*; it is of walk$/],
    [['generator', '--box', '1,2'], '--box: expected x,y,width,height in pixels; got "1,2"'],
    [['generator', '--box', '1,2,3,4', '--at', '1,2'], '--box and --at cannot be combined'],
    [['generator', '--at', '1,2', '--discriminator'], '--at and --discriminator cannot be combined'],
    [['generator', '--at', '1,2', '--target', 'real'], '--target: expected it with --discriminator only; got real'],
    [['generator', '--discriminator', '--target', 'real,fake'], '--target: expected one target, without a mask; got 2'],
    [
      ['generator', '--model', tiny('generator'), '--discriminator', tiny('discriminator'), '--label', '3'],
      /--label: expected it for conditional discriminators/,
    ],
    [
      ['generator', '--model', tiny('generator'), '--at', '1,2', '--label', '3'],
      /--label: expected it for conditional generators only; got 3/,
    ],
    [['generator', 'bird.png', '--at', '1,2'], 'unknown argument bird.png: generator takes options only'],
    [['maximise', '--target', '1', '--channel', '2'], '--target and --channel cannot be combined'],
    [['maximise', '--layer', '1'], '--channel: expected a channel of --layer; got none'],
    [['maximise', '--range', '0,1'], '--range: expected it with --generator only; got 0,1'],
    [['maximise', 'a.onnx', 'b.onnx'], 'unknown argument b.onnx: maximise takes one network'],
    [['colours'], /^KIND: expected one of generator.*; got colours$/],
  ])('ends %j with 2 and one line', async (words, line) => {
    const { code, stderr } = await ran('gan-probe', words, folder);
    const [only, ...more] = stderr.trimEnd().split('\n');
    expect([code, more, only]).toEqual([2, [], typeof line === 'string' ? `gan-probe: ${line}` : expect.anything()]);
    if (typeof line !== 'string') expect(only?.slice('gan-probe: '.length)).toMatch(line);
  });
});
