import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenPath } from '../fixtures/golden.js';
import { decodePicture, Random } from '../inference/index.js';
import { readGanMetadata } from '../inference/networks/metadata.js';
import { GraphBuilder, loadModel, modelBytes, modelOfGraph, type Model } from '../onnx/index.js';
import { float32Tensor } from '../onnx/graph/tensor.js';
import { saveCheckpoint } from '../trainer/checkpoint/checkpoint.node.js';
import { configWith } from '../trainer/settings/presets.js';
import { initialState } from '../trainer/step/tfjs/state.js';
import type { TrainState } from '../trainer/step/state/step.js';
import { mobileNet, savedModel, type SavedJson } from '../exporter/files/saved-model.test.helper.js';
import { ran } from './child.test.helper.js';

const config = configWith('space', { imageSize: 16, ngf: 4, ndf: 4, latentDim: 8, batchSize: 2 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-export-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A state as after some training: no weight or running statistic is left at 0 or 1. */
function trainedState(step: number): TrainState {
  const state = initialState(config);
  const random = new Random(step);
  for (const { weights, m, v } of [state.generator, state.discriminator]) {
    for (const [name, { data, shape }] of weights) {
      if (!name.includes('moving'))
        for (const moments of [m, v]) moments.set(name, { shape, data: data.map(Math.abs) });
      data.forEach(
        (value, i) => (data[i] = name.endsWith('variance') ? 0.5 + random.uniform() : value + 0.2 * random.normal()),
      );
    }
  }
  return { ...state, step };
}

async function makeRun(name: string, ...states: TrainState[]): Promise<void> {
  const run = join(folder, 'runs', name);
  await mkdir(run, { recursive: true });
  await writeFile(join(run, 'config.json'), JSON.stringify({ config, data: null, steps: 9 }));
  for (const state of states) await saveCheckpoint(run, state, config);
}

const exportRun = (...options: string[]) => ran('gan-export', options, folder);
const model = (...path: string[]) => loadModel(join(folder, ...path));
/** Differences that the command printed, by output. */
const differences = (stdout: string) =>
  Object.fromEntries(
    [...stdout.matchAll(/^ {4}(\w+): largest difference from the trained network (\S+)$/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]),
  );

describe('gan-export', () => {
  it('writes float16 and byte forms, which gan-sample draws like the generator itself', async () => {
    await makeRun('forms', trainedState(3));
    const { code, stdout, stderr } = await exportRun('--run', 'runs/forms', '--fp16', '--uint8');
    expect([code, stderr]).toEqual([0, '']);
    const written = [...stdout.matchAll(/onnx\/(\S+\.onnx)/g)].map(([, name]) => name);
    expect(written).toEqual([
      'generator.onnx',
      'generator-fp16.onnx',
      'generator-uint8.onnx',
      'discriminator.onnx',
      'discriminator-fp16.onnx',
    ]);
    const bytes = await model('runs/forms/onnx/generator-uint8.onnx');
    expect(readGanMetadata(bytes.metadata)).toMatchObject({ outputRange: 'uint8' });
    expect(bytes.graph.outputs[0]?.value).toEqual({ type: 'uint8', shape: ['batch', 3, 16, 16] });
    const grids = await Promise.all(
      ['generator', 'generator-fp16', 'generator-uint8'].map(async (name) => {
        const path = join('runs/forms/onnx', `${name}.onnx`);
        const sampled = await ran(
          'gan-sample',
          ['--model', path, '--count', '4', '--device', 'cpu', '--out', `${name}.png`],
          folder,
        );
        expect([sampled.code, sampled.stderr]).toEqual([0, '']);
        return (await decodePicture(join(folder, `${name}.png`))).data;
      }),
    );
    const [plain, half, eight] = grids as [Uint8Array, Uint8Array, Uint8Array];
    const most = (other: Uint8Array) =>
      plain.reduce((found, value, i) => Math.max(found, Math.abs(value - (other[i] ?? 0))), 0);
    expect(most(half)).toBeLessThanOrEqual(3);
    expect(most(eight)).toBeLessThanOrEqual(1);
  });

  it("writes both networks of a run's newest checkpoint and compares them with the trained ones", async () => {
    await makeRun('a', trainedState(4), trainedState(9));
    const { code, stdout, stderr } = await exportRun('--onnx', '--run', 'runs/a');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Exported runs\/a\/checkpoints\/step-0000009 \(step 9\), opset 17\n/);
    const found = differences(stdout);
    expect(Object.keys(found)).toEqual(['image', 'logit', 'probability']);
    for (const difference of Object.values(found)) expect(difference).toBeLessThan(1e-5);

    const generator = await model('runs/a/onnx/generator.onnx');
    const { preset, imageSize, latentDim, normalization, seed } = config;
    expect(readGanMetadata(generator.metadata)).toMatchObject({
      role: 'generator',
      step: 9,
      outputRange: 'normalization',
      preset,
      latentDim,
      normalization,
      seed,
      height: imageSize,
      width: imageSize,
    });
    const discriminator = await model('runs/a/onnx/discriminator.onnx');
    expect(readGanMetadata(discriminator.metadata)).toMatchObject({
      logits: ['logit'],
      probabilities: ['probability'],
    });
  });

  it('folds batch norms, takes an opset, and finds the run of a checkpoint that is named alone', async () => {
    await makeRun('b', trainedState(5), trainedState(6));
    const checkpoint = join('runs', 'b', 'checkpoints', 'step-0000005');
    const { code, stdout } = await exportRun('--checkpoint', checkpoint, '--fold-batchnorm', '--opset', '13');
    expect(code).toBe(0);
    for (const difference of Object.values(differences(stdout))) expect(difference).toBeLessThan(1e-5);
    const { opsets, graph, metadata } = await model('runs/b/onnx/generator.onnx');
    expect(readGanMetadata(metadata)?.step).toBe(5);
    expect(opsets.get('')).toBe(13);
    expect(graph.nodes.filter(({ op }) => op === 'BatchNormalization')).toEqual([]);
  });

  it('writes the averaged generator where there is one, unless told not to, and the kernels of spectral norm divided', async () => {
    const tricky = { ...config, ema: 0.9, spectralNorm: true };
    const run = join(folder, 'runs', 'ema');
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'config.json'), JSON.stringify({ config: tricky, data: null, steps: 9 }));
    const state = initialState(tricky);
    for (const { data } of state.generator.ema?.values() ?? []) data.fill(0.5);
    await saveCheckpoint(run, state, tricky);
    const byDefault = await exportRun('--run', 'runs/ema');
    expect([byDefault.code, byDefault.stderr]).toEqual([0, '']);
    expect(byDefault.stdout).toContain('(step 0, averaged generator), opset 17');
    const weight = (exported: Model, name: string) => exported.graph.initializers.get(name)?.data as Float32Array;
    const averaged = await model('runs/ema/onnx/generator.onnx');
    expect(new Set(weight(averaged, 'g_stage1_conv/kernel'))).toEqual(new Set([0.5]));
    expect((await exportRun('--run', 'runs/ema', '--no-ema')).stdout).toContain('(step 0), opset 17');
    const current = await model('runs/ema/onnx/generator.onnx');
    expect(new Set(weight(current, 'g_stage1_conv/kernel')).size).toBeGreaterThan(9);
    const kernel = weight(await model('runs/ema/onnx/discriminator.onnx'), 'd_stage1_conv/kernel');
    const raw = state.discriminator.weights.get('d_stage1_conv/kernel')?.data as Float32Array;
    expect(Math.hypot(...kernel)).not.toBeCloseTo(Math.hypot(...raw), 3);

    const { code, stderr } = await exportRun('--run', 'runs/a', '--ema');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^gan-export: --ema: expected a run that was trained/)]);
  });

  it('feeds gan-sample', async () => {
    await makeRun('c', trainedState(3));
    expect((await exportRun('--run', 'runs/c', '--out', 'exported')).code).toBe(0);
    const options = ['--model', join('exported', 'generator.onnx'), '--count', '1', '--device', 'cpu'];
    expect((await ran('gan-sample', options, folder)).code).toBe(0);
  });

  it('fails with exit code 1 where the exported network gives other numbers, and keeps the earlier export', async () => {
    await makeRun('d', trainedState(1));
    expect((await exportRun('--run', 'runs/d')).code).toBe(0);
    const before = await readFile(join(folder, 'runs/d/onnx/generator.onnx'));
    const diverged = trainedState(2);
    for (const { data } of diverged.generator.weights.values()) data.fill(Number.NaN);
    await makeRun('d', diverged);
    const { code, stderr } = await exportRun('--run', 'runs/d');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^gan-export: runs\/d\/onnx\/generator\.onnx\.failed: expected differences of at most 0\.0001/,
    );
    await access(join(folder, 'runs/d/onnx/generator.onnx.failed'));
    expect(await readFile(join(folder, 'runs/d/onnx/generator.onnx'))).toEqual(before);
  });

  it('adds a discriminator that explains itself, and makes one of any classifier', async () => {
    await makeRun('e', trainedState(2));
    const { code, stdout } = await exportRun(
      '--run',
      'runs/e',
      '--with-gradcam',
      '--method',
      'layercam',
      '--layer',
      '0',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/discriminator-gradcam\.onnx {2}.*\n {4}image → logit, heatmap \(layercam of /);
    expect(Number(/largest difference from gan-gradcam's map (\S+)\n$/.exec(stdout)?.[1])).toBeLessThan(1e-5);
    const { graph } = await model('runs/e/onnx/discriminator-gradcam.onnx');
    expect(graph.outputs.map(({ name, value }) => [name, value?.shape])).toEqual([
      ['logit', ['batch', 1]],
      ['heatmap', ['batch', 16, 16]],
    ]);
    const classifier = await exportRun('--with-gradcam', '--model', goldenPath('plain-cnn.onnx'), '--out', 'explained');
    expect(classifier.stdout).toMatch(/plain-cnn-gradcam\.onnx.*\n {4}input, target → logits, heatmap \(gradcam of /);
    expect((await model('explained/plain-cnn-gradcam.onnx')).graph.inputs[1]?.value).toEqual({
      type: 'int64',
      shape: ['batch'],
    });
  });

  it('converts a tfjs layers model, says its inputs and outputs and the difference, and explains it on demand', async () => {
    await savedModel(join(folder, 'mobile'), mobileNet());
    const { code, stdout, stderr } = await exportRun('--with-gradcam', '--model', 'mobile/model.json', '--out', 'made');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Exported mobile\/model.json \(\d+ layers\), opset 17\n {2}made\/mobile.onnx {2}/);
    expect(stdout).toContain(
      'takes photo [batch, 3, 16, 16], in tfjs [batch, 16, 16, 3]\n    gives classes [batch, 5]\n',
    );
    const difference = /largest difference from tfjs (\S+) \(at most \d\.\de-\d\)/.exec(stdout)?.[1];
    expect(Number(difference)).toBeLessThan(1e-5);
    expect((await model('made/mobile-gradcam.onnx')).graph.outputs).toHaveLength(2);
  });

  it('names an unsupported layer and its place, with exit code 2', async () => {
    const change = (json: SavedJson) => {
      const text = JSON.stringify(json.modelTopology).replace('"DepthwiseConv2D"', '"ConvLSTM2D"');
      json.modelTopology = JSON.parse(text) as unknown;
    };
    await savedModel(join(folder, 'foreign'), mobileNet(), { change });
    const { code, stdout, stderr } = await exportRun('--model', 'foreign');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^gan-export: layer "depthwise_\w+": expected one of Activation, .*; got ConvLSTM2D\n$/);
  });

  it('--with-gradcam --model takes sizes, further inputs and the output, and says what it took', async () => {
    const b = new GraphBuilder();
    const pictures = [b.input('left', 'float32', ['n', 3, 8, 8]), b.input('right', 'float32', ['n', 3, 'h', 'w'])];
    const kernel = b.initializer(
      'k',
      float32Tensor(
        Float32Array.from({ length: 12 }, (_, at) => Math.sin(at)),
        [4, 3, 1, 1],
      ),
    );
    const towers = pictures.map((each, at) => {
      const seen = b.op('Conv', [each, kernel], {}, `conv${at}`);
      return b.op('Flatten', [b.op('GlobalAveragePool', [b.op('Relu', [seen])])], { axis: 1 }, `tower${at}`);
    });
    b.output(b.sub(towers[0] ?? '', towers[1] ?? ''), 'difference');
    await writeFile(join(folder, 'pair.onnx'), modelBytes(modelOfGraph(b.graph)));
    const grey = Array.from({ length: 3 * 8 * 8 }, () => '0.5').join();
    const options = [
      '--with-gradcam',
      '--model',
      'pair.onnx',
      '--out',
      'pair',
      '--size',
      '8',
      '--input',
      `left=${grey}`,
    ];
    const { code, stdout } = await exportRun(...options, '--explain-input', 'right', '--output', 'difference');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Picture: "right", RGB, 8×8, NCHW \(as stated; change it with --size, --channels\)$/m);
    expect(stdout).toMatch(/^Output: "difference": 4 classes \(as stated; change it with --output, --target\)$/m);
    expect(stdout).toMatch(/^Layer: Relu_1 \(Relu .*\) \(.*change it with --layer\)$/m);
    expect((await model('pair/pair-gradcam.onnx')).graph.inputs.map(({ name }) => name)).toEqual(['right', 'target']);
  });

  it.each([
    [['--size', '32'], /^gan-export: --size: expected together with --with-gradcam\n$/],
    [['--with-gradcam', '--output', 'x'], /^gan-export: --output: expected together with --model\n$/],
    [
      ['--model', 'a.onnx'],
      /^gan-export: --model: expected the model.json of a tfjs layers model, or an .onnx classifier together with --with-gradcam; got "a.onnx"\n$/,
    ],
    [['--model', 'a.json', '--fp16'], /^gan-export: --fp16: is for exporting a run; got --model too\n$/],
    [['--model', 'a.json'], /^gan-export: a.json: cannot be read \(ENOENT\)\n$/],
    [
      ['--with-gradcam', '--model', 'a.onnx', '--opset', '13'],
      /^gan-export: --opset: is for exporting a run; got --model too\n$/,
    ],
    [['--no-onnx'], /^gan-export: --no-onnx: expected --onnx, the only format; there is nothing to export\n$/],
    [['--run', 'nowhere'], /^gan-export: nowhere: expected the folder of a run; it has no config.json\n$/],
    [['--opset', '9', '--run', 'runs/a'], /^gan-export: --opset: expected an integer of 13…21; got 9\n$/],
    [['--format', 'tflite'], /^gan-export: Unknown argument: format\n$/],
  ])('answers %j with one line and exit code 2', async (options, line) => {
    const { code, stderr } = await exportRun(...options);
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
  });
});
