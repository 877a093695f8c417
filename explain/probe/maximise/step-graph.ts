/** @file One step of activation maximisation as one ONNX graph: picture, move, network, score, regularisers, gradient, update. */
import type { Generator } from '../../../inference/networks/generator.js';
import type { PictureSize } from '../../../inference/pictures/pixels.js';
import { adamUpdate } from '../../../onnx/build/adam.js';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { InputError } from '../../../onnx/errors.js';
import { gradients } from '../../../onnx/gradient/walk.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { prunedGraph } from '../../../onnx/graph/order.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import type { JudgingNetwork } from '../shared/judging-network.js';
import { appendedLevels } from '../shared/made-pictures.js';
import type { ReadyGenerator } from '../../../inference/generators/ready-generator.js';
import { appendedPicture, spectrumShape } from './fourier.js';
import type { Objective } from './objective.js';
import { squares, totalVariation, type RegularizerWeights } from './regularisers.js';
import { appendedScore } from './score.js';

/** What is maximised over: a spectrum or pixels of a picture, or the latent of a generator. */
export type Source =
  | { kind: 'fourier' | 'pixels'; size: PictureSize; rows: number }
  | {
      kind: 'latent';
      generator: Pick<Generator, 'range' | 'channels' | 'height' | 'width' | 'latents'>;
      ready: ReadyGenerator;
    };

/** Adam's constants. */
export const BETAS = { beta1: 0.9, beta2: 0.999 } as const;
/** Added to the size of a gradient before it is divided by it. */
const LEAST_GRADIENT = 1e-12;

/** Names of inputs beside the value that is maximised over, its moments and `WEIGHTS`; of pixels without moments. */
export const stepInputs = {
  m: 'maximise/m',
  v: 'maximise/v',
  /** Of Adam, negative, as it descends; of pixels the size of the step. */
  stepSize: 'maximise/step_size',
  correction: 'maximise/correction',
  /** [H, H] and [W, W]: the move of this step. */
  rows: 'maximise/rows',
  columns: 'maximise/columns',
  /** [H, H] and [W, W], of pixels: the blur after this step. */
  blurRows: 'maximise/blur_rows',
  blurColumns: 'maximise/blur_columns',
} as const;

/** Names of outputs. */
export const stepOutputs = {
  next: 'maximise/next',
  m: 'maximise/next_m',
  v: 'maximise/next_v',
  /** The score of the moved picture, and the picture [1 or R, C, H, W] in levels, both before the update. */
  score: 'maximise/score',
  levels: 'maximise/levels',
} as const;

/** The graph of a step. */
export interface StepGraph {
  model: Model;
  /** Name and shape of what is maximised over. */
  value: string;
  shape: readonly number[];
}

/**
 * The graph of a step towards the maximum of score − tv · total variation − l2 · squares, both of the picture that is not moved (of a
 * latent the squares of its numbers). Spectra and latents move by Adam, pixels by the gradient divided by its root mean square; they
 * are blurred and kept in 0…1 then.
 * @throws InputError if the score does not depend on the value, or part of it cannot be differentiated
 */
export function stepGraph(
  source: Source,
  network: JudgingNetwork,
  objective: Pick<Objective, 'layer' | 'weights'>,
  { tv, l2 }: RegularizerWeights,
): StepGraph {
  const { b, value, shape, levels, size } = started(source);
  const { rows, height, width } = size;
  const moves = [
    b.input(stepInputs.rows, 'float32', [height, height]),
    b.input(stepInputs.columns, 'float32', [width, width]),
  ];
  const moved = b.matMul(b.matMul(moves[0] as string, levels), moves[1] as string, 'moved');
  const judged = rows > 1 && source.kind !== 'latent' ? inRows(b, moved, rows) : moved;
  const score = appendedScore(b, judged, size, network, objective);
  let total = score;
  if (tv !== 0) total = b.sub(total, b.mul(totalVariation(b, levels), b.scalar(tv)));
  if (l2 !== 0)
    total = b.sub(
      total,
      b.mul(source.kind === 'latent' ? squares(b, value, 0) : squares(b, levels, 0.5), b.scalar(l2)),
    );
  const gradient = gradients(b, total, [value]).get(value);
  if (!gradient) throw new InputError({ name: 'target', expected: 'a score that depends on the picture; it does not' });
  const stepSize = b.input(stepInputs.stepSize, 'float32', []);
  if (source.kind === 'pixels') {
    const blurs = [
      b.input(stepInputs.blurRows, 'float32', [height, height]),
      b.input(stepInputs.blurColumns, 'float32', [width, width]),
    ];
    const mean = b.op('Sqrt', [b.reduceMean(b.mul(gradient, gradient), [0, 1, 2, 3])]);
    const unit = b.div(gradient, b.add(mean, b.scalar(LEAST_GRADIENT)), 'normalized_gradient');
    const updated = b.add(value, b.mul(unit, stepSize), 'updated');
    const blurred = b.matMul(b.matMul(blurs[0] as string, updated), blurs[1] as string, 'blurred');
    b.output(b.op('Clip', [blurred, b.scalar(0), b.scalar(1)], {}, 'kept'), stepOutputs.next);
  } else {
    const [m, v] = [b.input(stepInputs.m, 'float32', shape), b.input(stepInputs.v, 'float32', shape)];
    const correction = b.input(stepInputs.correction, 'float32', []);
    const next = b.within('adam', () => adamUpdate(b, { value, gradient, m, v }, { stepSize, correction, ...BETAS }));
    b.output(next.value, stepOutputs.next);
    b.output(next.m, stepOutputs.m);
    b.output(next.v, stepOutputs.v);
  }
  b.output(score, stepOutputs.score);
  b.output(levels, stepOutputs.levels);
  return { model: modelOfGraph(b.graph), value, shape };
}

/** The same picture in each row of a network that fixes its batch. */
function inRows(b: GraphBuilder, picture: string, rows: number): string {
  const ones = float32Tensor(new Float32Array(rows).fill(1), [rows, 1, 1, 1]);
  return b.mul(picture, b.initializer(b.unique('ones'), ones), 'in_rows');
}

/** A graph with the value that is maximised over, and its picture. */
function started(source: Source) {
  if (source.kind === 'latent') {
    const { generator, ready } = source;
    const { channels, height, width } = generator;
    const [output] = ready.graph.outputs;
    const pictures = output?.name ?? '';
    const b = new GraphBuilder({ ...prunedGraph(ready.graph, [pictures]), outputs: [] });
    const value = ready.input.name;
    const levels = appendedLevels(b, pictures, generator);
    const size = { channels, height, width, rows: ready.rows };
    return { b, value, shape: [ready.rows, ...ready.input.dims], levels, size };
  }
  const { kind, size, rows } = source;
  const b = new GraphBuilder();
  const shape = kind === 'fourier' ? spectrumShape(size) : [1, size.channels, size.height, size.width];
  const value = b.input(`maximise/${kind === 'fourier' ? 'spectrum' : 'pixels'}`, 'float32', shape);
  const levels = kind === 'fourier' ? appendedPicture(b, value, size) : value;
  return { b, value, shape, levels, size: { ...size, rows } };
}
