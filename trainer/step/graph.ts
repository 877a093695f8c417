/** @file A whole GAN training step as one ONNX graph: both forward passes, all gradients, both Adam updates. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { loweredModel, type BatchStatistics, type LoweredModel, type WeightRequest } from '../../exporter/layers.js';
import { onnxDims } from '../../exporter/weights.js';
import { emptyGraph, GraphBuilder, gradients, type Graph } from '../../onnx/index.js';
import type { GanConfig } from '../config.js';

/** Adam's ε, as in PyTorch: added to the square root after bias correction. */
const EPSILON = 1e-8;

/** A weight of one network: its place in the graph. */
export interface StepWeight extends WeightRequest {
  /** Graph input that is fed the current value; the output `next(input)` is the updated one. */
  input: string;
  /** Graph inputs of Adam's moments; none for running statistics. */
  moments?: { m: string; v: string };
}

/** The step's graph and what to feed it. */
export interface StepGraph {
  graph: Graph;
  generator: StepWeight[];
  discriminator: StepWeight[];
}

/** Names of the graph's inputs that are not weights. */
export const stepInputs = {
  real: 'real',
  latents: 'latents',
  generatorLatents: 'generator_latents',
  /** Learning rate / (1 − β1^t) of each network. */
  stepSizeD: 'discriminator_step_size',
  stepSizeG: 'generator_step_size',
  /** √(1 − β2^t). Both corrections are computed in double precision outside: 1 − 0.999 in float32 is off by 1e-4. */
  correction: 'second_moment_correction',
} as const;

/** Names of the graph's outputs that are not state, in the order of `StepResult`. */
export const stepOutputs = ['loss_d', 'loss_g', 'd_real', 'd_fake_before', 'd_fake_after'] as const;

/** The graph output that holds the updated value of a state input. */
export const nextOf = (input: string): string => `${input}:next`;

/** One network's weights while the graph is built: which value stands for each weight now. */
class Weights {
  readonly all: StepWeight[] = [];
  readonly #current = new Map<string, string>();

  constructor(
    readonly b: GraphBuilder,
    readonly network: string,
  ) {}

  /** The value that stands for a weight at this point of the step; the first request makes it a graph input. */
  value = (request: WeightRequest): string => {
    const known = this.#current.get(request.name);
    if (known) return known;
    const dims = onnxDims(request.shape, request.layout);
    const input = this.b.input(`${this.network}/${request.name}`, 'float32', dims);
    const moment = (kind: string) => this.b.input(`${input}/${kind}`, 'float32', dims);
    this.all.push({ ...request, input, ...(request.trainable && { moments: { m: moment('m'), v: moment('v') } }) });
    this.#current.set(request.name, input);
    return input;
  };

  get trainable(): StepWeight[] {
    return this.all.filter(({ moments }) => moments);
  }

  current(name: string): string {
    return this.#current.get(name) as string;
  }

  replace(name: string, value: string): void {
    this.#current.set(name, value);
  }

  /** Makes every weight's latest value an output. */
  finish(): void {
    for (const { name, input } of this.all) this.b.output(this.current(name), nextOf(input));
  }
}

/**
 * The training step of a DCGAN (Radford et al. 2016; losses of Goodfellow et al. 2014 with the non-saturating generator
 * loss) for a fixed batch size.
 */
export function stepGraph(config: GanConfig, generator: LayersModel, discriminator: LayersModel): StepGraph {
  const b = new GraphBuilder(emptyGraph('gan-training-step'));
  const { batchSize, channels, imageSize, latentDim } = config;
  const real = b.input(stepInputs.real, 'float32', [batchSize, channels, imageSize, imageSize]);
  const latents = b.input(stepInputs.latents, 'float32', [batchSize, latentDim]);
  for (const name of [stepInputs.stepSizeD, stepInputs.stepSizeG, stepInputs.correction]) b.input(name, 'float32', []);
  const g = new Weights(b, 'generator');
  const d = new Weights(b, 'discriminator');
  const pass = (path: string, model: LayersModel, input: string, weights: Weights): LoweredModel =>
    b.within(path, () => {
      const lowered = loweredModel(b, model, input, weights.value, { training: true });
      updateRunningStatistics(b, lowered.statistics, weights);
      return lowered;
    });
  const logitOf = (lowered: LoweredModel) => lowered.values.get(discriminator.layers.at(-2)?.name ?? '') as string;

  const fake = pass('generate', generator, latents, g).output;
  const onReal = logitOf(pass('judge_real', discriminator, real, d));
  const onFake = logitOf(pass('judge_fake', discriminator, fake, d));
  const sum = b.add(meanSoftplus(b, b.op('Neg', [onReal])), meanSoftplus(b, onFake), 'discriminator_loss');
  const lossD = config.halveDiscriminatorLoss ? b.mul(sum, b.scalar(0.5), 'discriminator_loss_halved') : sum;
  b.within('update_discriminator', () => updateWithAdam(b, lossD, d, stepInputs.stepSizeD, config));

  const updated = d.trainable.map(({ name }) => d.current(name));
  const again = config.freshLatents ? generatedAfresh() : fake;
  const onAgain = logitOf(pass('judge_again', discriminator, again, d));
  const lossG = meanSoftplus(b, b.op('Neg', [onAgain]), 'generator_loss');
  b.within('update_generator', () => updateWithAdam(b, lossG, g, stepInputs.stepSizeG, config, updated));

  const results = [lossD, lossG, ...[onReal, onFake, onAgain].map((logit) => meanProbability(b, logit))];
  stepOutputs.forEach((name, index) => b.output(results[index] as string, name));
  g.finish();
  d.finish();
  return { graph: b.graph, generator: g.all, discriminator: d.all };

  function generatedAfresh(): string {
    const fresh = b.input(stepInputs.generatorLatents, 'float32', [batchSize, latentDim]);
    return pass('generate_again', generator, fresh, g).output;
  }
}

/** The generator in inference form with its weights as inputs (the same names as in the step): latents [N, Z] → pictures. */
export function samplingGraph(config: GanConfig, generator: LayersModel): Graph {
  const b = new GraphBuilder(emptyGraph('gan-sampling'));
  const latents = b.input(stepInputs.latents, 'float32', ['batch', config.latentDim]);
  const input = ({ name, shape, layout }: WeightRequest) =>
    b.input(`generator/${name}`, 'float32', onnxDims(shape, layout));
  b.output(loweredModel(b, generator, latents, input, { training: false }).output, 'pictures');
  return b.graph;
}

/** mean(log(1 + e^x)): binary cross-entropy of logits −x with label one, or of x with label zero. */
function meanSoftplus(b: GraphBuilder, logit: string, name?: string): string {
  return b.op('ReduceMean', [b.op('Softplus', [logit])], { keepdims: 0 }, name);
}

function meanProbability(b: GraphBuilder, logit: string): string {
  return b.op('ReduceMean', [b.op('Sigmoid', [logit])], { keepdims: 0 });
}

/** PyTorch's rule: r ← 0.9·r + 0.1·s, with s the batch's mean or its unbiased variance. */
function updateRunningStatistics(b: GraphBuilder, statistics: readonly BatchStatistics[], weights: Weights): void {
  for (const { mean, variance, movingMean, movingVariance, momentum, count } of statistics) {
    const blend = (name: string, value: string, scale: number) => {
      const kept = b.mul(weights.current(name), b.scalar(momentum));
      weights.replace(name, b.add(kept, b.mul(value, b.scalar((1 - momentum) * scale)), `${name}_running`));
    };
    blend(movingMean, mean, 1);
    blend(movingVariance, variance, count / (count - 1));
  }
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1), one update of all trainable weights of a network against a loss.
 * @param constant values whose dependence on the weights is not followed: the discriminator that was just updated
 */
function updateWithAdam(
  b: GraphBuilder,
  loss: string,
  weights: Weights,
  stepSize: string,
  config: GanConfig,
  constant: readonly string[] = [],
): void {
  const { beta1, beta2 } = config;
  const before = weights.trainable.map(({ name }) => weights.current(name));
  const gradient = gradients(b, loss, before, { constant });
  weights.trainable.forEach(({ name, moments }, index) => {
    const current = before[index] as string;
    const g = gradient.get(current);
    if (!g || !moments) throw new Error(`the loss does not depend on ${name}`);
    b.within(name, () => {
      const m = b.add(moments.m, b.mul(b.sub(g, moments.m), b.scalar(1 - beta1)), 'm');
      const v = b.add(b.mul(moments.v, b.scalar(beta2)), b.mul(b.mul(g, g), b.scalar(1 - beta2)), 'v');
      const deviation = b.add(b.div(b.op('Sqrt', [v]), stepInputs.correction), b.scalar(EPSILON));
      const change = b.mul(b.div(m, deviation), stepSize);
      weights.replace(name, b.sub(current, change, 'updated'));
      b.output(m, nextOf(moments.m));
      b.output(v, nextOf(moments.v));
    });
  });
}
