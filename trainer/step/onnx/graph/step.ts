/** @file A whole GAN training step as one ONNX graph: forward passes, all gradients, both Adam updates. */
import type { LayersModel } from '../../../../exporter/tfjs-model.js';
import { loweredOutputs, type WeightRequest } from '../../../../exporter/layers/table.js';
import { onnxDims } from '../../../../exporter/layers/weights.js';
import { emptyGraph, GraphBuilder, type Graph } from '../../../../onnx/index.js';
import type { GanConfig } from '../../../settings/config.js';
import type { StepResult } from '../../state/step.js';
import { updateWithAdam } from './adam.js';
import { clipWeights } from './clip.js';
import { updateAverage } from './ema.js';
import { moreResults } from '../../state/overfitting.js';
import { meanProbability, moreReports } from './losses.js';
import { Networks, stepInputs } from './networks.js';
import { inputName, type StateEntry } from './weights.js';

/** The step's graph and its state inputs. */
export interface StepGraph {
  graph: Graph;
  state: readonly StateEntry[];
  /** Names of the outputs that are not state. */
  results: readonly string[];
}

/** Names of the graph's scalar inputs; see `schedule.ts`. */
export const scalarInputs = {
  stepSizeD: 'discriminator_step_size',
  correctionD: 'discriminator_second_moment_correction',
  stepSizeG: 'generator_step_size',
  correctionG: 'generator_second_moment_correction',
  emaDecay: 'ema_decay',
} as const;

/** Names of the graph's outputs that are not state. */
const stepOutputs = {
  lossD: 'loss_d',
  lossG: 'loss_g',
  dReal: 'd_real',
  dFakeBefore: 'd_fake_before',
  dFakeAfter: 'd_fake_after',
  signReal: 'sign_real',
  logitReal: 'mean_logit_real',
  logitHeldOut: 'mean_logit_held_out',
  logitFake: 'mean_logit_fake',
} as const satisfies Record<keyof StepResult, string>;

/** Those of a configuration, with the names that they have in `StepResult`. */
export function resultOutputs(config: Pick<GanConfig, 'ada' | 'adaSignal' | 'heldOut'>): [keyof StepResult, string][] {
  const always = ['lossD', 'lossG', 'dReal', 'dFakeBefore', 'dFakeAfter'] as const;
  return [...always, ...moreResults(config)].map((key) => [key, stepOutputs[key]]);
}

/** The name of an input for one of the discriminator's updates, counted from 0. */
export const inputOfUpdate = (name: string, update: number): string => (update === 0 ? name : `${name}_${update + 1}`);

/**
 * A training step (Goodfellow et al. 2014, algorithm 1) of the configured networks, losses and techniques, for a fixed batch
 * size: the updates of the discriminator, then one of the generator.
 * @param penalised whether it is a step with R1 and R2, if configured; see `isPenalised`
 */
export function stepGraph(
  config: GanConfig,
  generator: LayersModel,
  discriminator: LayersModel,
  penalised = false,
): StepGraph {
  const b = new GraphBuilder(emptyGraph('gan-training-step'));
  const networks = new Networks(b, config, { generator, discriminator });
  const { g, d } = networks;
  const scalar = (name: string) => b.input(name, 'float32', []);

  const discriminatorUpdate = (update: number) => {
    const inputOf = (name: string) => inputOfUpdate(name, update);
    const real = networks.pictures(inputOf(stepInputs.real));
    const latents = networks.latents(inputOf(stepInputs.latents));
    const scalars = {
      stepSize: scalar(inputOf(scalarInputs.stepSizeD)),
      correction: scalar(inputOf(scalarInputs.correctionD)),
    };
    const labels = networks.labels(inputOf(stepInputs.labels));
    const fake = networks.generated('generate', latents, labels);
    const objective = networks.discriminatorObjective({ real, fake, labels }, inputOf, penalised);
    const judges = config.heldOut > 0 && update === config.dSteps - 1;
    const heldOut = judges ? networks.heldOutLogit(objective.onReal) : '';
    b.within('update_discriminator', () => {
      const gradients = objective.gradients();
      updateWithAdam(b, d, (name) => gradients.get(name) as string, scalars, config);
      if (config.clip > 0) clipWeights(b, d, config.clip);
    });
    return { fake, labels, objective, heldOut };
  };
  let last = discriminatorUpdate(0);
  for (let update = 1; update < config.dSteps; update++) {
    last = b.within(`again_${update}`, () => discriminatorUpdate(update));
  }

  const again = config.freshLatents
    ? networks.generated('generate_again', networks.latents(stepInputs.generatorLatents), last.labels)
    : last.fake;
  const objective = networks.generatorObjective(again, last.labels, last.objective.onReal.seen);
  b.within('update_generator', () => {
    const scalars = { stepSize: scalar(scalarInputs.stepSizeG), correction: scalar(scalarInputs.correctionG) };
    const gradients = objective.gradients();
    updateWithAdam(b, g, (name) => gradients.get(name) as string, scalars, config);
    if (config.ema > 0) updateAverage(b, g, scalar(scalarInputs.emaDecay));
  });

  const { onReal, onFake, loss } = last.objective;
  const results: Record<keyof StepResult, () => string> = {
    lossD: () => loss,
    lossG: () => objective.loss,
    dReal: () => meanProbability(b, onReal.logit),
    dFakeBefore: () => meanProbability(b, onFake.logit),
    dFakeAfter: () => meanProbability(b, objective.onFake.logit),
    ...moreReports(b, { real: onReal.logit, fake: onFake.logit, heldOut: () => last.heldOut }),
  };
  const outputs = resultOutputs(config);
  // All are made before any is named.
  outputs.map(([key, name]) => [results[key](), name] as const).forEach(([value, name]) => b.output(value, name));
  return { graph: b.graph, state: [...g.finish(), ...d.finish()], results: outputs.map(([, name]) => name) };
}

/**
 * The generator in inference form with its weights as inputs (the same names as in the step): latents [N, Z], with labels
 * [N, K] of a conditional one, → pictures.
 * Uses the averaged generator if configured.
 */
export function samplingGraph(config: GanConfig, generator: LayersModel): Graph {
  const b = new GraphBuilder(emptyGraph('gan-sampling'));
  const latents = b.input(stepInputs.latents, 'float32', ['batch', config.latentDim]);
  const labels = config.conditional ? [b.input(stepInputs.labels, 'float32', ['batch', config.classNames.length])] : [];
  const part = config.ema > 0 ? 'ema' : 'weights';
  const input = ({ name, shape, layout }: WeightRequest) =>
    b.input(inputName('generator', part, name), 'float32', onnxDims(shape, layout));
  const { outputs } = loweredOutputs(b, generator, [latents, ...labels], input, { training: false });
  b.output(outputs[0] as string, 'pictures');
  return b.graph;
}
