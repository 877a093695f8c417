/** @file `npm run bench`: the training step and the forward passes beside PyTorch's and beside MatMul, in one run. */
import { cpus } from 'node:os';
import { Tensor } from '../inference/runtime/onnxruntime/library.node.js';
import { loweredModel } from '../exporter/layers/table.js';
import { onnxLayout } from '../exporter/layers/weights.js';
import { Random } from '../inference/numeric/random.js';
import { createSession } from '../inference/runtime/session.node.js';
import { emptyGraph, float32Tensor, GraphBuilder, modelOfGraph, type Graph } from '../onnx/index.js';
import type { GanConfig } from '../trainer/settings/config.js';
import { discriminatorModel, generatorModel } from '../trainer/step/tfjs/models.js';
import { configWith } from '../trainer/settings/presets.js';
import { initialState } from '../trainer/step/tfjs/state.js';
import { stepGraph } from '../trainer/step/onnx/graph/step.js';
import { OnnxStep } from '../trainer/step/onnx/onnx.node.js';
import type { NetworkState, StateTensor } from '../trainer/step/state/step.js';
import { flopCount } from './flops.js';
import { machine, markdownTable, median, milliseconds, pytorch } from './timing.js';

const ROUNDS = 3;
const RUNS = 6;
const config: GanConfig = {
  ...configWith('cub200', { imageSize: 64, ngf: 64, ndf: 64, batchSize: 64 }),
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
};
const models = { generator: generatorModel(config), discriminator: discriminatorModel(config) };
const state = initialState(config);
const random = new Random(1);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());

const latents = normals(config.batchSize * config.latentDim);
const real = normals(config.batchSize * 3 * config.imageSize ** 2).map(Math.tanh);
const step = await OnnxStep.create(config, models, state);
const subjects: Record<string, { run: () => Promise<unknown>; flops: number }> = {
  matmul: await graphRun(matmulGraph(), {
    a: [normals(2048 ** 2), [2048, 2048]],
    b: [normals(2048 ** 2), [2048, 2048]],
  }),
  step: {
    run: () => step.run({ real, latents, generatorLatents: latents }),
    flops: flopCount(stepGraph(config, models.generator, models.discriminator).graph),
  },
  generator: await graphRun(forwardGraph('generator', state.generator), {
    input: [latents, [config.batchSize, config.latentDim]],
  }),
  discriminator: await graphRun(forwardGraph('discriminator', state.discriminator), {
    input: [real, [config.batchSize, 3, config.imageSize, config.imageSize]],
  }),
};

const ours: Record<string, number[]> = {};
const theirs: Record<string, number[]> = {};
let torch: string | undefined;
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, { run }] of Object.entries(subjects)) (ours[name] ??= []).push(...(await milliseconds(run, RUNS)));
  const { batchSize, latentDim, imageSize, ngf } = config;
  const result = pytorch<{ torch: string; times: Record<string, number[]> }>('torch_step.py', {
    'batch-size': batchSize,
    'latent-dim': latentDim,
    'image-size': imageSize,
    features: ngf,
    steps: RUNS,
    threads: cpus().length,
  });
  torch = result?.torch;
  for (const [name, times] of Object.entries(result?.times ?? {})) (theirs[name] ??= []).push(...times);
}
await step.dispose();
print();

function matmulGraph(): Graph {
  const b = new GraphBuilder(emptyGraph('matmul'));
  for (const name of ['a', 'b']) b.input(name, 'float32', [2048, 2048]);
  b.output(b.matMul('a', 'b'), 'product');
  return b.graph;
}

/** A network in inference form with its weights inside. */
function forwardGraph(network: 'generator' | 'discriminator', weights: NetworkState): Graph {
  const b = new GraphBuilder(emptyGraph(network));
  const { batchSize, latentDim, imageSize } = config;
  const shape = network === 'generator' ? [batchSize, latentDim] : [batchSize, 3, imageSize, imageSize];
  const input = b.input('input', 'float32', shape);
  const { output } = loweredModel(
    b,
    models[network],
    input,
    (request) => {
      const { data, dims } = onnxLayout(
        (weights.weights.get(request.name) as StateTensor).data,
        request.shape,
        request.layout,
      );
      return b.initializer(request.name, float32Tensor(data, dims));
    },
    { training: false },
  );
  b.output(output, 'output');
  return b.graph;
}

async function graphRun(graph: Graph, inputs: Record<string, [Float32Array, number[]]>) {
  const session = await createSession(modelOfGraph(graph));
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, [data, dims]]) => [name, new Tensor('float32', data, dims)]),
  );
  return { run: () => session.run(feeds), flops: flopCount(graph) };
}

function print(): void {
  const rate = (name: string) => (subjects[name]?.flops ?? 0) / median(ours[name] ?? []) / 1e6;
  console.log(`${machine()}; medians of ${ROUNDS} × ${RUNS} runs, interleaved`);
  console.log(
    `64×64 pictures, 64 base channels, batch 64, dense head; PyTorch: ${torch ?? 'not installed, skipped'}\n`,
  );
  const titles = {
    step: 'training step',
    generator: 'generator forward',
    discriminator: 'discriminator forward',
    matmul: 'MatMul 2048³',
  };
  const rows = Object.entries(titles).map(([name, title]) => {
    const time = median(ours[name] ?? []);
    const other = theirs[name] ? median(theirs[name]) : undefined;
    return [
      title,
      ((subjects[name]?.flops ?? 0) / 1e9).toFixed(1),
      time.toFixed(1),
      rate(name).toFixed(0),
      `${((100 * rate(name)) / rate('matmul')).toFixed(0)} %`,
      other?.toFixed(1) ?? '–',
      other ? (other / time).toFixed(2) : '–',
    ];
  });
  const bars = stepBars();
  const head = ['what', 'GFLOP', 'ganscope, ms', 'GFLOP/s', 'of MatMul', 'PyTorch, ms', 'PyTorch / ganscope'];
  console.log(markdownTable(head, rows));
  if (bars.length > 0) console.log(`\n${markdownTable(['training step', 'PyTorch, ms', 'PyTorch / ganscope'], bars)}`);
}

/** PyTorch's variants of the training step; the fastest one in float32 is the reference. */
function stepBars(): string[][] {
  const titles = {
    step: 'eager',
    channels_last: 'channels_last',
    compiled: 'torch.compile',
    bfloat16: 'bfloat16 autocast, channels_last',
  };
  const known = Object.entries(titles).flatMap(([name, title]) =>
    theirs[name] ? [{ title, isFloat32: name !== 'bfloat16', time: median(theirs[name]) }] : [],
  );
  const best = Math.min(...known.filter(({ isFloat32 }) => isFloat32).map(({ time }) => time));
  return known.map(({ title, isFloat32, time }) => [
    isFloat32 && time === best ? `${title} (to beat)` : title,
    time.toFixed(1),
    (time / median(ours['step'] ?? [])).toFixed(2),
  ]);
}
