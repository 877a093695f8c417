/** @file Activation maximisation: pictures that a class, a score or a channel of a network responds to most. */
import { openSession } from '#runtime';
import { resolveDevice } from '#devices';
import { Generator } from '../../../inference/networks/generator.js';
import type { ModelSource } from '../../../inference/networks/model-source.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { pictureFromOutput, type PictureSize } from '../../../inference/pictures/pixels.js';
import type { DeviceChoice } from '../../../inference/runtime/session.js';
import { InputError } from '../../../onnx/errors.js';
import { namingFile } from '../../../onnx/graph/naming.js';
import { fastGradients } from '../../../onnx/passes/fast/fast-gradients.js';
import type { ClassScore } from '../../targets/class-scores.js';
import type { TargetChoice } from '../../targets/target-choice.js';
import { judgedGenerator } from '../shared/judged-generator.js';
import { loadJudgingNetwork, type JudgingNetwork } from '../shared/judging-network.js';
import { ascended } from './ascent.js';
import { Judge } from './judge.js';
import { checkedAscent, type Ascent, type MaximiseOptions } from './maximise-options.js';
import { channelObjectives, targetObjectives, type Objective } from './objective.js';
import { stepGraph, type Source } from './step-graph.js';

/** What was found for one objective. */
export interface Maximised {
  /** The class, score or channel in words. */
  label: string;
  picture: Picture;
  /** Its score, as the file of the picture gives it: rounded to 8 bits, not moved. */
  score: number;
  /** That of the picture at the beginning. */
  before: number;
  /** The score of the moved picture before each step. */
  scores: Float32Array;
  /** The network's probability of the target for the picture, if it has probabilities. */
  probability?: number;
  /** The classes with the largest scores for the picture. */
  classes: ClassScore[];
  /** Pictures on the way, the first before any step. */
  kept: { step: number; picture: Picture }[];
  /** Of a generator: the latent [Z]. */
  latent?: Float32Array;
}

/** What `maximise` gives. */
export interface Maximisation {
  found: Maximised[];
  /** The options that were used. */
  ascent: Ascent;
  choice: DeviceChoice;
}

/**
 * Finds a picture for each target or channel by gradient ascent on its score before any activation: Erhan et al. 2009 and Simonyan et al.
 * 2014, with the random moves, spectrum and decorrelated colours of Olah et al. 2017; or, with a generator, the latent whose picture
 * has the largest score (Nguyen et al. 2016). Each step is one run of one ONNX graph. The same options give the same pictures.
 * @param source a discriminator or classifier
 * @throws InputError if part of a network cannot be differentiated, or an option does not fit it
 * @throws the signal's reason when it is aborted
 * @example
 * import { maximise } from 'ganscope/explain';
 *
 * const { found } = await maximise('runs/latest/onnx/discriminator.onnx', { targets: 'real', steps: 16 });
 * console.log(found[0]?.label, found[0]?.score);
 */
export async function maximise(source: ModelSource, options: MaximiseOptions = {}): Promise<Maximisation> {
  const { targets, units, generator: given, every, onAssumed, progress_callback: _told, ...rest } = options;
  if (every !== undefined && !(Number.isInteger(every) && every >= 1))
    throw new InputError({ name: 'every', expected: 'an integer above 0', got: every });
  if (targets !== undefined && units !== undefined) throw new InputError({ name: 'target', conflictsWith: 'channel' });
  const { steps, rate, seed, parameterization, jitter, zoom, tv, l2, blur, ...loading } = rest;
  const asked = { steps, rate, seed, parameterization, jitter, zoom, tv, l2, blur };
  const network = await loadJudgingNetwork(source, loading);
  const choices = targets === undefined ? undefined : ([targets].flat() as TargetChoice[]);
  const objectives = units ? channelObjectives(network, units) : targetObjectives(network, choices);
  const choice = await resolveDevice(options.device ?? 'auto');
  const made = given && (await loadedGenerator(given, choice));
  try {
    onAssumed?.([...network.assumptions, ...(made?.generator.assumptions ?? [])]);
    const size = made?.generator ?? pictureOf(network);
    const ascent = checkedAscent(asked, Math.min(size.height, size.width), made !== undefined);
    const over: Source = made
      ? {
          kind: 'latent',
          generator: made.generator,
          ready: await judgedGenerator(made.source, made.generator, made.options, network),
        }
      : {
          kind: ascent.parameterization === 'pixels' ? 'pixels' : 'fourier',
          size: pictureOf(network),
          rows: network.input.batch ?? 1,
        };
    const found = await searched(network, objectives, over, { ascent, choice, every, size, options });
    return { found, ascent, choice };
  } finally {
    await made?.generator.dispose();
  }
}

async function loadedGenerator(
  { source, ...options }: NonNullable<MaximiseOptions['generator']>,
  { device }: DeviceChoice,
) {
  return { source, options, generator: await Generator.load(source, { ...options, device }) };
}

/** What all objectives share. */
interface Search {
  ascent: Ascent;
  choice: DeviceChoice;
  every: number | undefined;
  size: PictureSize;
  options: MaximiseOptions;
}

async function searched(
  network: JudgingNetwork,
  objectives: readonly Objective[],
  source: Source,
  { ascent, choice, every, size, options }: Search,
): Promise<Maximised[]> {
  const [first] = objectives as [Objective];
  const rows = source.kind === 'latent' ? source.ready.rows : source.rows;
  const sizes = { channels: size.channels, height: size.height, width: size.width, rows };
  const step = namingFile(network.name, () => stepGraph(source, network, first, ascent));
  const model = fastGradients(step.model);
  await using judge = await Judge.open(network, sizes, first.layer, choice.device);
  const session = await openSession(model, { device: choice.device });
  const pictureOfLevels = (levels: Float32Array) => pictureFromOutput(levels, size, LEVELS);
  const found: Maximised[] = [];
  try {
    for (const [at, objective] of objectives.entries()) {
      const scores: number[] = [];
      const kept: Maximised['kept'] = [];
      let before: Picture | undefined;
      let last: { picture: Picture; value: Float32Array } | undefined;
      const told = { size: sizes, objective, ascent };
      for await (const { score, levels, value } of ascended(session, step, source, told)) {
        options.signal?.throwIfAborted();
        const number = scores.length;
        const isLast = number === ascent.steps;
        before ??= pictureOfLevels(levels);
        if (isLast || (every !== undefined && number % every === 0)) {
          const picture = pictureOfLevels(levels);
          if (every !== undefined) kept.push({ step: number, picture });
          if (isLast) last = { picture, value };
        }
        scores.push(score);
        const total = objectives.length * ascent.steps;
        options.progress_callback?.(at * ascent.steps + Math.min(scores.length, ascent.steps), total, objective.label);
      }
      const { picture, value } = last as { picture: Picture; value: Float32Array };
      const { score: initial } = await judge.judged(before as Picture, objective);
      found.push({
        label: objective.label,
        picture,
        ...(await judge.judged(picture, objective)),
        before: initial,
        scores: Float32Array.from(scores.slice(0, ascent.steps)),
        kept,
        ...(source.kind === 'latent' && { latent: value }),
      });
    }
  } finally {
    await session.release();
  }
  return found;
}

/** Levels: 0 is black and 1 white. */
const LEVELS = { mean: [0, 0, 0], std: [1, 1, 1] };

/** The picture that a network takes, without its preprocessing. */
function pictureOf({ input: { picture } }: JudgingNetwork): PictureSize {
  const { channels, height, width } = picture;
  return { channels: channels === 1 ? 1 : 3, height, width };
}
