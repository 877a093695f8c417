/** @file Adam inside the graph of a training step. */
import { gradients, type GraphBuilder } from '../../onnx/index.js';
import { nextOf, type Weights } from './weights.js';

/** Adam's ε, as in PyTorch: added to the square root after bias correction. */
const EPSILON = 1e-8;

/** The values of an update that are fed, and its constants. */
export interface Adam {
  /** The scalar learning rate / (1 − β1^t). */
  stepSize: string;
  /** The scalar √(1 − β2^t). */
  correction: string;
  beta1: number;
  beta2: number;
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1), one update of all trainable weights of a network against a loss.
 * @param constant values whose dependence on the weights is not followed: the discriminator that was just updated
 */
export function updateWithAdam(
  b: GraphBuilder,
  loss: string,
  weights: Weights,
  { stepSize, correction, beta1, beta2 }: Adam,
  constant: readonly string[] = [],
): void {
  const before = weights.trainable.map(({ name }) => weights.current(name));
  const gradient = gradients(b, loss, before, { constant });
  weights.trainable.forEach(({ name, moments }, index) => {
    const current = before[index] as string;
    const g = gradient.get(current);
    if (!g || !moments) throw new Error(`the loss does not depend on ${name}`);
    b.within(name, () => {
      const m = b.add(moments.m, b.mul(b.sub(g, moments.m), b.scalar(1 - beta1)), 'm');
      const v = b.add(b.mul(moments.v, b.scalar(beta2)), b.mul(b.mul(g, g), b.scalar(1 - beta2)), 'v');
      const deviation = b.add(b.div(b.op('Sqrt', [v]), correction), b.scalar(EPSILON));
      const change = b.mul(b.div(m, deviation), stepSize);
      weights.replace(name, b.sub(current, change, 'updated'));
      b.output(m, nextOf(moments.m));
      b.output(v, nextOf(moments.v));
    });
  });
}
