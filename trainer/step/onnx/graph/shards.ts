/**
 * @file The training step in parts, for several devices: gradients of each network's loss for a shard of the batch, and the
 * update with the averaged gradients.
 */
import { emptyGraph, GraphBuilder, type Graph } from '../../../../onnx/index.js';
import type { GanConfig } from '../../../settings/config.js';
import type { StepResult } from '../../state/step.js';
import { updateWithAdam } from './adam.js';
import { clipWeights } from './clip.js';
import { updateAverage } from './ema.js';
import { moreResults } from '../../state/overfitting.js';
import { meanProbability, moreReports } from './losses.js';
import { Networks, stepInputs, type Models } from './networks.js';
import { Weights, type StateEntry } from './weights.js';

/** A part of the step. */
export interface PartGraph {
  graph: Graph;
  /** State inputs. */
  reads: readonly StateEntry[];
  /** State with an updated value among the outputs. */
  writes: readonly StateEntry[];
}

/** Name of a weight's gradient, an output of one part and an input of another. */
export const gradientName = (name: string): string => `gradient/${name}`;

/** Names of the scalar inputs of an update. */
export const updateInputs = {
  stepSize: 'step_size',
  correction: 'second_moment_correction',
  emaDecay: 'ema_decay',
} as const;

/** Reported outputs of parts with the discriminator, named as in `StepResult`. */
export function reports(
  config: Pick<GanConfig, 'ada' | 'adaSignal' | 'heldOut'>,
  network: StateEntry['network'],
): (keyof StepResult)[] {
  if (network === 'generator') return ['lossG', 'dFakeAfter'];
  return ['lossD', 'dReal', 'dFakeBefore', ...moreResults(config)];
}

const isStatistic = ({ trainable, part }: StateEntry) => part === 'spectral' || (part === 'weights' && !trainable);

/**
 * Gradients of the discriminator's loss.
 * @param config of a shard: the batch size is that of one device
 * @param penalised whether it is of a step with R1 and R2, if configured; see `isPenalised`
 */
export function discriminatorGradients(config: GanConfig, models: Models, penalised = false): PartGraph {
  const b = new GraphBuilder(emptyGraph('discriminator-gradients'));
  const networks = new Networks(b, config, models);
  const real = networks.pictures(stepInputs.real);
  const latents = networks.latents(stepInputs.latents);
  const labels = networks.labels(stepInputs.labels);
  const fake = networks.generated('generate', latents, labels);
  const objective = networks.discriminatorObjective({ real, fake, labels }, (name) => name, penalised);
  const { loss, onReal, onFake } = objective;
  const heldOut = () => networks.heldOutLogit(onReal);
  const more = moreReports(b, { real: onReal.logit, fake: onFake.logit, heldOut });
  return withOutputs(networks, 'discriminator', objective.gradients(), [
    loss,
    meanProbability(b, onReal.logit),
    meanProbability(b, onFake.logit),
    ...moreResults(config).map((key) => more[key]()),
  ]);
}

/** Gradients of the generator's loss. @param config of a shard */
export function generatorGradients(config: GanConfig, models: Models): PartGraph {
  const b = new GraphBuilder(emptyGraph('generator-gradients'));
  const networks = new Networks(b, config, models);
  const latents = networks.latents(stepInputs.generatorLatents);
  const labels = networks.labels(stepInputs.labels);
  const fake = networks.generated('generate_again', latents, labels);
  const objective = networks.generatorObjective(fake, labels);
  return withOutputs(networks, 'generator', objective.gradients(), [
    objective.loss,
    meanProbability(b, objective.onFake.logit),
  ]);
}

function withOutputs(
  { b, config, g, d }: Networks,
  network: StateEntry['network'],
  gradients: ReadonlyMap<string, string>,
  results: readonly string[],
): PartGraph {
  for (const [name, gradient] of gradients) b.output(gradient, gradientName(name));
  reports(config, network).forEach((name, index) => b.output(results[index] as string, name));
  // With shared latents the generator's pass repeats the discriminator's: count it once.
  const counted = network === 'discriminator' || config.freshLatents ? [g, d] : [d];
  const writes = counted.flatMap((weights) => weights.finish(weights.entries.filter(isStatistic)));
  return { graph: b.graph, reads: [...g.entries, ...d.entries], writes };
}

/**
 * Adam's update of a network, and of the averaged generator, from gradients that are inputs.
 * @param weights the network's weights, as read by another part
 */
export function updateGraph(
  config: GanConfig,
  network: StateEntry['network'],
  weights: readonly StateEntry[],
): PartGraph {
  const b = new GraphBuilder(emptyGraph(`${network}-update`));
  const state = new Weights(b, network);
  const averages = network === 'generator' && config.ema > 0;
  for (const entry of weights) if (entry.trainable || averages) state.value(entry);
  const gradients = new Map(
    state.trainable.map((entry) => [
      entry.name,
      b.input(gradientName(entry.name), 'float32', b.shape(state.current(entry.name))),
    ]),
  );
  const scalar = (name: string) => b.input(name, 'float32', []);
  const scalars = { stepSize: scalar(updateInputs.stepSize), correction: scalar(updateInputs.correction) };
  updateWithAdam(b, state, (name) => gradients.get(name) as string, scalars, config);
  if (network === 'discriminator' && config.clip > 0) clipWeights(b, state, config.clip);
  if (averages) updateAverage(b, state, scalar(updateInputs.emaDecay));
  const writes = state.finish(state.entries.filter((entry) => !isStatistic(entry)));
  return { graph: b.graph, reads: state.entries, writes };
}
