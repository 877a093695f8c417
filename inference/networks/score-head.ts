/** @file A network's scores before their activation, and how they stand in rows. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import type { ScorePlace } from '../graphs/score-place.js';
import type { Activation } from '../graphs/scores-behind.js';

/** A network's scores before their activation. */
export interface ScoreHead extends ScorePlace {
  /**
   * `discriminator`: one logit per picture, known to tell real from fake; `single`: one score per picture; `classifier`: one
   * per class; `dense`: one per class and position; `boxes`: one per class and box of a detector.
   */
  kind: 'discriminator' | 'single' | 'classifier' | 'dense' | 'boxes';
  /** Name of the value with the logits. */
  logits: string;
  /** The activation after the logits; missing if the network ends with them. */
  activation?: Activation;
  /** If the value has other numbers too: the range of the scores on the class axis, and the index of a common factor. */
  within?: { from: number; to: number; object?: number };
  /** Whether the network is known to be a discriminator: our own networks, and patch discriminators. */
  verdict?: true;
  /** Whether this is a binary classifier with one score. */
  binary?: true;
  /** Classes that the explained output shows, where it shows some of a softmax only. */
  part?: readonly number[];
  /**
   * What the scores are, where they are computed from the network's own (`quantities`), or are a detector's probabilities of classes
   * as the output has them; missing for those before an activation.
   */
  quantity?: 'probability' | 'cosine similarity';
  /** Why the output is a picture, whose channels are no classes; `perhaps` where it may hold scores of classes as well. */
  picture?: string;
}

/** Logits per picture, over all positions. */
export function scoreCount({ classes, grid }: ScorePlace): number {
  return classes * (grid ? grid.height * grid.width : 1);
}

/**
 * Appends the scores as rows [N, classes · positions], class by class.
 * @param b builder of the head's model
 */
export function appendScoreRows(b: GraphBuilder, head: ScoreHead, name = 'logits'): string {
  const { logits, classAxis, within, batchless } = head;
  const rank = b.types.shape(logits)?.length ?? 0;
  const slice = (from: number, to: number) =>
    b.op('Slice', [logits, b.ints([from]), b.ints([to]), b.ints([classAxis ?? 1])], {}, 'class_scores');
  const own = within ? slice(within.from, within.to) : logits;
  const scored =
    within?.object === undefined ? own : b.mul(own, slice(within.object, within.object + 1), 'object_scores');
  // Rows are ordered class by class: the class axis comes before the position axes.
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const lead = batchless ? 0 : 1;
  const order =
    classAxis === undefined || !head.grid
      ? axes
      : [...axes.slice(0, lead), classAxis, ...axes.slice(lead).filter((axis) => axis !== classAxis)];
  const moved = order.every((axis, at) => axis === at) ? scored : b.transpose(scored, order, 'classes_first');
  return b.op('Reshape', [moved, b.ints([-1, scoreCount(head)])], {}, name);
}
