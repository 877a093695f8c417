/** @file A process of `webgpu.test.ts`, started with a software driver: trains on a device and sends what came of it. */
import { Random } from '../../../inference/numeric/random.js';
import { Tensor } from '../../../inference/runtime/onnxruntime/library.node.js';
import { stepBatch } from '../../data/batch.js';
import type { GanConfig } from '../../settings/config.js';
import { configWith } from '../../settings/presets.js';
import type { StepBatch, StepResult, TrainState } from '../state/step.js';
import { discriminatorModel, generatorModel } from '../tfjs/models.js';
import { initialState } from '../tfjs/state.js';
import { OnnxStep } from './onnx.node.js';

/** What the process sends. */
export interface Trained {
  config: GanConfig;
  results: StepResult[];
  state: TrainState;
  samples: Float32Array;
  /** Tensors on the GPU after each step, and after all is disposed of. */
  live: number[];
  /** Steps 3 and 4 in one run of a new `OnnxStep` that starts from the state after step 2. */
  resumed: { results: StepResult[]; state: TrainState };
}

// With R1 in every second step there are two sessions, which hand the state to each other.
const small = { imageSize: 8, ngf: 4, ndf: 4, latentDim: 8, batchSize: 4 };
const config = configWith('cub200', { ...small, ema: 0.9, r1: 5, r1Every: 2 });

// ONNX Runtime makes its GPU tensors with this function. One that is never disposed of holds its memory for ever.
let count = 0;
const { fromGpuBuffer } = Tensor;
Tensor.fromGpuBuffer = (buffer, { dispose, ...options }) => {
  count++;
  return fromGpuBuffer(buffer, { ...options, dispose: () => (count--, dispose?.()) });
};

const [device] = process.argv.slice(2) as ['cpu' | 'webgpu'];
process.send?.(await trained(), () => process.disconnect());

async function trained(): Promise<Trained> {
  const models = { generator: generatorModel(config), discriminator: discriminatorModel(config) };
  const batches: StepBatch[] = [];
  for (const index of [0, 1, 2, 3]) batches.push(await batchOf(index));
  const step = await OnnxStep.create(config, models, initialState(config), { device });
  const [results, live]: [StepResult[], number[]] = [[], []];
  let half: TrainState | undefined;
  for (const [index, batch] of batches.entries()) {
    results.push(await step.run(batch));
    live.push(count);
    if (index === 1) half = await step.state();
  }
  const samples = await step.sample((batches[0] as StepBatch).latents);
  const state = await step.state();
  await step.dispose();
  live.push(count);
  const again = await OnnxStep.create(config, models, half as TrainState, { device }, true);
  const resumed = { results: await again.runAll(batches.slice(2)), state: await again.state() };
  await again.dispose();
  live.push(count);
  return { config, results, state, samples, live, resumed };
}

/** A batch of noise pictures. */
function batchOf(index: number): Promise<StepBatch> {
  const length = config.batchSize * config.channels * config.imageSize ** 2;
  const batch = async (at: number) => {
    const random = new Random(at + 7);
    return Float32Array.from({ length }, () => Math.tanh(random.normal()));
  };
  return stepBatch(config, { batchesPerEpoch: 8, batch }, index, 100);
}
