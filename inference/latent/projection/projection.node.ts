/** @file Projects a picture into the latent space, on ONNX Runtime. */
import { Tensor } from '../../runtime/onnxruntime/library.node.js';
import { adamScalars } from '../../../onnx/build/adam.js';
import { modelOfGraph } from '../../../onnx/build/build.js';
import { InputError } from '../../../onnx/errors.js';
import { elementCount, type Graph } from '../../../onnx/graph/graph.js';
import { Random } from '../../numeric/random.js';
import { createSession } from '../../runtime/session.node.js';
import type { LatentDistribution } from '../distribution.js';
import type { SessionOptions } from '../../runtime/session.js';
import {
  BETA1,
  BETA2,
  momentsOf,
  nextOf,
  projectionGraph,
  projectionInputs,
  projectionOutputs,
  type FeatureLoss,
} from './graph.js';

export interface ProjectionOptions {
  /** Updates. */
  steps: number;
  /** Latents that are moved at once, each from a start of its own. */
  restarts: number;
  /** Seed of the starts. */
  seed: number;
  /** What the starts are drawn from; default normal. */
  distribution?: LatentDistribution;
  /** The largest learning rate. */
  learningRate: number;
  features?: FeatureLoss;
  session?: SessionOptions;
  signal?: AbortSignal;
  /** Told of every step before its update; `pictures` are [R, C, H, W] in the generator's numbers. */
  onStep?: (step: number, losses: Float32Array, pictures: Float32Array) => void;
}

/** The best that any start came to at any step. */
export interface Projection {
  /** [Z] */
  latent: Float32Array;
  /** [C, H, W] in the generator's numbers. */
  picture: Float32Array;
  loss: number;
  /** Which start it came from, and after how many updates. */
  restart: number;
  step: number;
}

/** Shares of the steps in which the learning rate rises and falls (Karras et al. 2020, StyleGAN2, section 5.1). */
const WARM_UP = 0.05;
const COOL_DOWN = 0.25;

/**
 * The latents whose pictures are nearest to a target, by gradient descent with Adam from several starts.
 * @param generator of our dialect
 * @param target [C, H, W] in the generator's numbers
 * @throws InputError if the generator cannot be differentiated
 * @throws the signal's reason when it is aborted
 */
export async function projected(
  generator: Graph,
  target: Float32Array,
  options: ProjectionOptions,
): Promise<Projection> {
  const { steps, restarts, learningRate, features, signal, onStep } = options;
  const { graph, latents: name, shape } = projectionGraph(generator, restarts, features);
  const inputs = new Map(graph.inputs.map((input) => [input.name, input.value?.shape as number[]]));
  const session = await createSession(modelOfGraph(graph), options.session);
  try {
    const moments = momentsOf(name);
    const state = [name, moments.m, moments.v];
    const tensor = (data: Float32Array, dims: readonly number[]) => new Tensor('float32', data, dims);
    const zeros = () => tensor(new Float32Array(elementCount(shape)), shape);
    let feeds: Record<string, Tensor> = {
      [name]: tensor(startLatents(options, elementCount(shape)), shape),
      [moments.m]: zeros(),
      [moments.v]: zeros(),
      [projectionInputs.target]: tensor(target, inputs.get(projectionInputs.target) as number[]),
    };
    let best: Projection | undefined;
    for (let step = 0; ; step++) {
      signal?.throwIfAborted();
      const scalars = adamScalars(step + 1, learningRate * schedule(step / steps), BETA1, BETA2);
      const results = await session.run({
        ...feeds,
        [projectionInputs.stepSize]: tensor(Float32Array.of(scalars.stepSize), []),
        [projectionInputs.correction]: tensor(Float32Array.of(scalars.correction), []),
      });
      const losses = results[projectionOutputs.losses]?.data as Float32Array;
      const pictures = results[projectionOutputs.pictures]?.data as Float32Array;
      onStep?.(step, losses, pictures);
      losses.forEach((loss, restart) => {
        if (!(loss < (best?.loss ?? Infinity))) return;
        const row = (all: Float32Array) =>
          all.slice((restart * all.length) / restarts, ((restart + 1) * all.length) / restarts);
        best = { latent: row(feeds[name]?.data as Float32Array), picture: row(pictures), loss, restart, step };
      });
      if (best === undefined)
        throw new InputError({
          name: 'projection',
          expected: 'finite losses',
          got: 'none (the weights have probably diverged)',
        });
      // The run after the last update only tells what it has come to.
      if (step === steps) return best;
      feeds = { ...feeds, ...Object.fromEntries(state.map((value) => [value, results[nextOf(value)] as Tensor])) };
    }
  } finally {
    await session.release();
  }
}

/** Numbers of a stream of their own, so that no start is the latent of a seed. */
function startLatents({ seed, distribution }: ProjectionOptions, count: number): Float32Array {
  const random = Random.derived(seed, 'projection');
  const isUniform = distribution === 'uniform';
  return Float32Array.from({ length: count }, () => (isUniform ? 2 * random.uniform() - 1 : random.normal()));
}

/** Factor of the learning rate at a share of the steps: rises linearly, falls along a cosine. */
function schedule(share: number): number {
  const fall = Math.min(1, (1 - share) / COOL_DOWN);
  return (0.5 - 0.5 * Math.cos(Math.PI * fall)) * Math.min(1, share / WARM_UP + 0.1);
}
