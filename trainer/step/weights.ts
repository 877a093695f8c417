/** @file Weights of a network while its training step is built as a graph: inputs, what stands for them now, outputs. */
import type { BatchStatistics, WeightRequest } from '../../exporter/layers.js';
import { onnxDims } from '../../exporter/weights.js';
import type { GraphBuilder } from '../../onnx/index.js';

/** A weight of one network: its place in the graph. */
export interface StepWeight extends WeightRequest {
  /** Graph input that is fed the current value; the output `next(input)` is the updated one. */
  input: string;
  /** Graph inputs of Adam's moments; none for running statistics. */
  moments?: { m: string; v: string };
}

/** The graph output that holds the updated value of a state input. */
export const nextOf = (input: string): string => `${input}:next`;

/** One network's weights while the graph is built: which value stands for each weight now. */
export class Weights {
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

/** PyTorch's rule: r ← 0.9·r + 0.1·s, with s the batch's mean or its unbiased variance. */
export function updateRunningStatistics(
  b: GraphBuilder,
  statistics: readonly BatchStatistics[],
  weights: Weights,
): void {
  for (const { mean, variance, movingMean, movingVariance, momentum, count } of statistics) {
    const blend = (name: string, value: string, scale: number) => {
      const kept = b.mul(weights.current(name), b.scalar(momentum));
      weights.replace(name, b.add(kept, b.mul(value, b.scalar((1 - momentum) * scale)), `${name}_running`));
    };
    blend(movingMean, mean, 1);
    blend(movingVariance, variance, count / (count - 1));
  }
}
