/** @file Scores that are computed from a network's own: probabilities, and the similarity with another picture. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import { producersOf } from '../../onnx/graph/neighbours.js';
import { appendScoreRows, type ScoreHead } from '../../inference/networks/score-head.js';
import { copiedGraph, GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';

/** A network with the scores that are explained. */
export interface Scored {
  model: Model;
  head: ScoreHead;
  assumptions: readonly Assumption[];
}

/** Which scores are explained instead of those before an activation. */
export interface Quantity {
  /** Probabilities, after softmax or sigmoid. */
  afterSoftmax?: boolean;
  /** The cosine of the angle between the scores, which are features, and these of another picture. */
  concept?: Float32Array;
}

/** The network with the scores that are wanted. @throws InputError if its scores have positions, or both are wanted */
export function scoredAs(model: Model, head: ScoreHead, { afterSoftmax, concept }: Quantity): Scored {
  if (concept && afterSoftmax) throw new InputError({ name: 'afterSoftmax', conflictsWith: 'similarTo' });
  if (concept) return withSimilarity(model, head, concept);
  return afterSoftmax ? withProbabilities(model, head) : { model, head, assumptions: [] };
}

/** Probabilities are those of the network's own activation, else of a softmax over several classes and a sigmoid of one score. */
function withProbabilities(model: Model, head: ScoreHead): Scored {
  const { kind, classes, binary, verdict, part, activation = classes > 1 ? 'softmax' : 'sigmoid' } = head;
  const { b, rows } = scoreRows(model, head, 'afterSoftmax');
  const probabilities =
    activation === 'softmax'
      ? b.op('Softmax', [rows], { axis: 1 }, 'probabilities')
      : b.op('Sigmoid', [rows], {}, 'probabilities');
  // Both classes of a binary classifier have a probability.
  const other = () => b.sub(b.scalar(1), probabilities, 'other_probability');
  const logits = binary ? b.op('Concat', [other(), probabilities], { axis: 1 }, 'both_probabilities') : probabilities;
  const own = binary ? ({ kind: 'classifier', classes: 2 } as const) : { kind, classes };
  return {
    model: { ...model, graph: b.graph },
    head: { ...own, logits, quantity: 'probability', ...(verdict && { verdict }), ...(part && { part }) },
    assumptions: [
      { about: 'score', taken: `the probability after ${activation}`, because: 'as stated', options: ['afterSoftmax'] },
    ],
  };
}

/** Lengths below this count as this, as in PyTorch. */
const SHORTEST = 1e-8;

/** cos(f, c) = f·c / (|f|·|c|), as pytorch-grad-cam's SimilarityToConceptTarget. */
function withSimilarity(model: Model, head: ScoreHead, concept: Float32Array): Scored {
  const { b, rows } = scoreRows(model, head, 'similarTo');
  const length = Math.max(Math.sqrt(concept.reduce((sum, value) => sum + value * value, 0)), SHORTEST);
  const direction = b.initializer(
    b.unique('concept'),
    float32Tensor(
      concept.map((value) => value / length),
      [concept.length, 1],
    ),
  );
  const product = b.matMul(rows, direction, 'product');
  const square = b.reduceSum(b.mul(rows, rows, 'squares'), [1], true, 'square');
  const norm = b.op('Sqrt', [b.op('Max', [square, b.scalar(SHORTEST ** 2)], {}, 'longer')], {}, 'length');
  const logits = b.div(product, norm, 'similarity');
  const taken = `the cosine similarity of the ${concept.length} numbers "${head.logits}" with those of another picture`;
  return {
    model: { ...model, graph: b.graph },
    head: { kind: 'single', classes: 1, logits, quantity: 'cosine similarity' },
    assumptions: [{ about: 'score', taken, because: 'as stated', options: ['similarTo', 'output'] }],
  };
}

/** The scores as rows [N, scores], appended to a copy of the graph. @throws InputError for scores of positions */
function scoreRows({ graph }: Model, head: ScoreHead, name: string) {
  if (head.grid) {
    const expected = 'an output with scores of the whole picture';
    throw new InputError({ name, expected, got: head.kind === 'boxes' ? 'scores of boxes' : 'scores of positions' });
  }
  const b = new GraphBuilder(copiedGraph(graph));
  return { b, rows: appendScoreRows(b, head, 'scores') };
}

const linear = new Set(['Gemm', 'MatMul', 'Conv']);
const passing = new Set(['Add', 'Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Div', 'Mul', 'Sub']);

/**
 * The value that enters the last layer with weights before the scores: the features of a classifier.
 * @throws InputError if there is none
 */
export function featuresBefore({ graph }: Model, { logits }: ScoreHead): string {
  const makers = producersOf(graph);
  for (let value = logits; ;) {
    const node = makers.get(value);
    const [first = ''] = node?.inputs ?? [];
    if (node && linear.has(node.op) && makers.has(first)) return first;
    const next = node && passing.has(node.op) ? node.inputs.find((name) => makers.has(name)) : undefined;
    if (next === undefined) {
      const expected = 'a network whose scores are made of features by one layer; name the features with `output`';
      throw new InputError({ name: 'similarTo', expected, got: node ? `${node.op} before them` : 'none' });
    }
    value = next;
  }
}
