/** @file A whole GAN training step as one ONNX graph: both forward passes, all gradients, both Adam updates. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { loweredModel, type LoweredModel, type WeightRequest } from '../../exporter/layers.js';
import { onnxDims } from '../../exporter/weights.js';
import { emptyGraph, GraphBuilder, type Graph } from '../../onnx/index.js';
import type { GanConfig } from '../config.js';
import { updateWithAdam } from './adam.js';
import { updateRunningStatistics, Weights, type StepWeight } from './weights.js';

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

/**
 * The training step of a DCGAN (Radford et al. 2016; losses of Goodfellow et al. 2014 with the non-saturating generator
 * loss) for a fixed batch size.
 */
export function stepGraph(config: GanConfig, generator: LayersModel, discriminator: LayersModel): StepGraph {
  const b = new GraphBuilder(emptyGraph('gan-training-step'));
  const { batchSize, beta1, beta2, channels, imageSize, latentDim } = config;
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
  const adamOf = (stepSize: string) => ({ stepSize, correction: stepInputs.correction, beta1, beta2 });
  const logitOf = (lowered: LoweredModel) => lowered.values.get(discriminator.layers.at(-2)?.name ?? '') as string;

  const fake = pass('generate', generator, latents, g).output;
  const onReal = logitOf(pass('judge_real', discriminator, real, d));
  const onFake = logitOf(pass('judge_fake', discriminator, fake, d));
  const sum = b.add(meanSoftplus(b, b.op('Neg', [onReal])), meanSoftplus(b, onFake), 'discriminator_loss');
  const lossD = config.halveDiscriminatorLoss ? b.mul(sum, b.scalar(0.5), 'discriminator_loss_halved') : sum;
  b.within('update_discriminator', () => updateWithAdam(b, lossD, d, adamOf(stepInputs.stepSizeD)));

  const updated = d.trainable.map(({ name }) => d.current(name));
  const again = config.freshLatents ? generatedAfresh() : fake;
  const onAgain = logitOf(pass('judge_again', discriminator, again, d));
  const lossG = meanSoftplus(b, b.op('Neg', [onAgain]), 'generator_loss');
  b.within('update_generator', () => updateWithAdam(b, lossG, g, adamOf(stepInputs.stepSizeG), updated));

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
