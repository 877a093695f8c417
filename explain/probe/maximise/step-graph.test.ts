/** @file One step against PyTorch in float64 (fixtures/golden/maximise.py). */
import { describe, expect, it } from 'vitest';
import { openSession } from '#runtime';
import { golden, goldenPath, relativeError } from '../../../fixtures/golden.js';
import { Generator } from '../../../inference/networks/generator.js';
import { sessionTensor } from '../../../inference/runtime/session.js';
import { adamScalars } from '../../../onnx/build/adam.js';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { judgedGenerator } from '../shared/judged-generator.js';
import { loadJudgingNetwork, WEIGHTS, type JudgingNetwork } from '../shared/judging-network.js';
import { appendedPicture } from './fourier.js';
import { blurredAxis, movedAxis, transposed } from './motion.js';
import { channelObjectives, targetObjectives, type Objective } from './objective.js';
import { stepGraph, stepInputs, stepOutputs, type Source } from './step-graph.js';

interface Info {
  mean: number;
  std: number;
  tv: number;
  l2: number;
  rate: number;
  step: number;
  blur: number;
  pixelRate: number;
  move: { factor: number; rows: number; columns: number };
}
const { info, tensor } = golden<Info>('maximise');
const { mean, std, tv, l2, move } = info;
/** Of the largest number of a tensor. */
const TOLERANCE = 1e-4;

const networkOf = (name: string) => {
  const normalization = { mean: [mean, mean, mean], std: [std, std, std] };
  return loadJudgingNetwork(goldenPath(`${name}.onnx`), { preparation: { normalization } });
};

/** Runs one step from the golden value, and returns what it gives by the name of the golden tensor. */
async function stepped(name: string, source: Source, network: JudgingNetwork, objective: Objective) {
  const { model, value, shape } = stepGraph(source, network, objective, { tv, l2 });
  const { height, width } = source.kind === 'latent' ? source.generator : source.size;
  const { stepSize, correction } = adamScalars(info.step, info.rate, 0.9, 0.999);
  const { factor, rows, columns } = move;
  const isPixels = source.kind === 'pixels';
  const square = (data: Float32Array, side: number) => sessionTensor(data, [side, side]);
  const moment = (which: 'm' | 'v') => (isPixels ? new Float32Array() : tensor(`${name}/${which}`).data);
  const fed: Record<string, ReturnType<typeof sessionTensor>> = {
    [value]: sessionTensor(tensor(`${name}/value`).data, shape),
    [stepInputs.m]: sessionTensor(moment('m'), shape),
    [stepInputs.v]: sessionTensor(moment('v'), shape),
    [stepInputs.stepSize]: sessionTensor(Float32Array.of(isPixels ? info.pixelRate : -stepSize), []),
    [stepInputs.correction]: sessionTensor(Float32Array.of(correction), []),
    [stepInputs.rows]: square(movedAxis(height, { factor, shift: rows }), height),
    [stepInputs.columns]: square(transposed(movedAxis(width, { factor, shift: columns }), width), width),
    [stepInputs.blurRows]: square(blurredAxis(height, info.blur), height),
    [stepInputs.blurColumns]: square(blurredAxis(width, info.blur), width),
    [WEIGHTS]: sessionTensor(objective.weights, [1, objective.weights.length]),
  };
  const session = await openSession(model, { device: 'cpu' });
  const feeds = Object.fromEntries(session.inputNames.map((input) => [input, fed[input]!]));
  const results = await session.run(feeds);
  await session.release();
  return (output: keyof typeof stepOutputs) => results[stepOutputs[output]]?.data as Float32Array;
}

const expectClose = (name: string, found: Float32Array) =>
  expect(relativeError(found, tensor(name).data), name).toBeLessThan(TOLERANCE);

describe('stepGraph(source, network, objective, regularisers)', () => {
  it('moves a spectrum as PyTorch does: irfft2, colours, class, total variation, squares, Adam', async () => {
    const network = await networkOf('plain-cnn');
    const [objective] = targetObjectives(network, [2]) as [Objective];
    const source = { kind: 'fourier', size: { channels: 3, height: 23, width: 25 }, rows: 1 } as const;
    const found = await stepped('fourier', source, network, objective);
    for (const name of ['score', 'levels', 'next'] as const) expectClose(`fourier/${name}`, found(name));
    expectClose('fourier/next_m', found('m'));
    expectClose('fourier/next_v', found('v'));
  });

  it('moves pixels as PyTorch does: channel of a layer, normalized gradient, blur, 0…1', async () => {
    const network = await networkOf('residual');
    const [objective] = channelObjectives(network, { layer: 2, channels: [3] }) as [Objective];
    const source = { kind: 'pixels', size: { channels: 3, height: 24, width: 24 }, rows: 1 } as const;
    const found = await stepped('pixels', source, network, objective);
    for (const name of ['score', 'next'] as const) expectClose(`pixels/${name}`, found(name));
  });

  it('moves a latent as PyTorch does: the network joined to the generator', async () => {
    const network = await networkOf('discriminator-conv');
    await using generator = await Generator.load(goldenPath('generator.onnx'), { device: 'cpu' });
    const ready = await judgedGenerator(goldenPath('generator.onnx'), generator, {}, network);
    const [objective] = targetObjectives(network, ['real']) as [Objective];
    const found = await stepped('latent', { kind: 'latent', generator, ready }, network, objective);
    for (const name of ['score', 'levels', 'next'] as const) expectClose(`latent/${name}`, found(name));
    expectClose('latent/next_m', found('m'));
  });
});

it('appendedPicture sums waves of even sides as irfft2 does', async () => {
  const b = new GraphBuilder();
  const spectrum = b.input('spectrum', 'float32', [2, 3, 12, 8]);
  b.output(appendedPicture(b, spectrum, { channels: 3, height: 12, width: 14 }), 'levels');
  const session = await openSession(modelOfGraph(b.graph), { device: 'cpu' });
  const results = await session.run({ spectrum: sessionTensor(tensor('even/value').data, [2, 3, 12, 8]) });
  await session.release();
  expectClose('even/levels', results['levels']?.data as Float32Array);
});
