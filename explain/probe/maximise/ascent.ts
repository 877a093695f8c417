/** @file Gradient ascent towards one objective: the step graph, run again and again. */
import { adamScalars } from '../../../onnx/build/adam.js';
import { InputError } from '../../../onnx/errors.js';
import { generatorFeed } from '../../../inference/generators/generator-inputs.js';
import { Random } from '../../../inference/numeric/random.js';
import { sessionTensor, type Session, type SessionTensor } from '../../../inference/runtime/session.js';
import { floats, repeated, rowOf } from '../../network/tensors.js';
import { WEIGHTS, type PictureRows } from '../shared/judging-network.js';
import { firstSpectrum } from './fourier.js';
import type { Ascent } from './maximise-options.js';
import { blurredAxis, randomMove } from './motion.js';
import type { Objective } from './objective.js';
import { BETAS, stepInputs, stepOutputs, type Source, type StepGraph } from './step-graph.js';

/** Steps between blurs, as in Yosinski et al. 2015. */
const BLUR_EVERY = 4;

/** What a step has found: the score of the moved picture and the levels [C, H, W] of the picture, before its update. */
export interface Step {
  score: number;
  levels: Float32Array;
  /** The first row of what is maximised over. */
  value: Float32Array;
}

/** What is maximised over, before the first step: of a fixed batch the same in each row. */
export function firstValue(source: Source, seed: number): Float32Array {
  if (source.kind === 'latent') {
    return repeated(source.generator.latents([seed]), source.ready.rows);
  }
  const random = Random.derived(seed, 'maximise');
  if (source.kind === 'fourier') return firstSpectrum(source.size, random);
  const { channels, height, width } = source.size;
  return Float32Array.from({ length: channels * height * width }, () =>
    Math.min(1, Math.max(0, 0.5 + 0.01 * random.normal())),
  );
}

/**
 * Takes the steps of an ascent, one after the other; a last one, which is not moved, tells what was reached.
 * @throws InputError if the score or the picture is not finite
 */
export async function* ascended(
  session: Session,
  { value, shape }: StepGraph,
  source: Source,
  { size, objective, ascent }: { size: PictureRows; objective: Objective; ascent: Ascent },
): AsyncGenerator<Step> {
  const { steps, rate, seed, blur } = ascent;
  const isPixels = source.kind === 'pixels';
  const { height, width, rows } = size;
  const square = (data: Float32Array, side: number) => sessionTensor(data, [side, side]);
  const still = { rows: blurredAxis(height, 0), columns: blurredAxis(width, 0) };
  const blurs = { rows: blurredAxis(height, blur), columns: blurredAxis(width, blur) };
  const shares = new Float32Array(rows * objective.weights.length);
  shares.set(objective.weights);
  const moves = Random.derived(seed, 'maximise moves');
  let state: SessionTensor = sessionTensor(firstValue(source, seed), shape);
  let m: SessionTensor = sessionTensor(new Float32Array(state.data.length), shape);
  let v: SessionTensor = m;
  for (let step = 1; step <= steps + 1; step++) {
    const move = step > steps ? still : randomMove(size, ascent, moves);
    const blurred = step % BLUR_EVERY === 0 ? blurs : still;
    const { stepSize, correction } = adamScalars(step, rate, BETAS.beta1, BETAS.beta2);
    const fed: Record<string, SessionTensor> = {
      ...(source.kind === 'latent' && generatorFeed(source.ready.input, state.data as Float32Array)),
      [value]: state,
      [stepInputs.m]: m,
      [stepInputs.v]: v,
      [stepInputs.stepSize]: sessionTensor(Float32Array.of(isPixels ? rate : -stepSize), []),
      [stepInputs.correction]: sessionTensor(Float32Array.of(correction), []),
      [stepInputs.rows]: square(move.rows, height),
      [stepInputs.columns]: square(move.columns, width),
      [stepInputs.blurRows]: square(blurred.rows, height),
      [stepInputs.blurColumns]: square(blurred.columns, width),
      [WEIGHTS]: sessionTensor(shares, [rows, objective.weights.length]),
    };
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, fed[name] as SessionTensor]));
    const results = await session.run(feeds);
    const score = floats(results[stepOutputs.score])[0] ?? Number.NaN;
    const levels = rowOf(results[stepOutputs.levels] as SessionTensor, 0);
    const own = source.kind === 'latent' ? rowOf(state, 0) : floats(state);
    if (!Number.isFinite(score) || !levels.every(Number.isFinite)) {
      const expected = 'finite scores; a smaller step may help';
      throw new InputError({ name: 'rate', expected, got: `${objective.label} is ${score} at step ${step}` });
    }
    yield { score, levels, value: own };
    state = results[stepOutputs.next] as SessionTensor;
    if (!isPixels) [m, v] = [results[stepOutputs.m] as SessionTensor, results[stepOutputs.v] as SessionTensor];
  }
}
