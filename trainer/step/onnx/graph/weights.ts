/** @file One network's state while a training graph is built: maps each tensor to its current value. */
import type { BatchStatistics, WeightRequest } from '../../../../exporter/layers/table.js';
import { onnxDims } from '../../../../exporter/layers/weights.js';
import type { GraphBuilder } from '../../../../onnx/index.js';
import type { NetworkState } from '../../state/step.js';

/** A kind of tensor in a network's state. */
export type StatePart = keyof NetworkState;

/** The networks of a GAN. */
export type NetworkName = 'generator' | 'discriminator';

/** A tensor of the state: its place in the graph, and in `TrainState`. */
export interface StateEntry<Name extends string = NetworkName> extends WeightRequest {
  network: Name;
  part: StatePart;
  /** Graph input with the current value; the output `nextOf(input)` has the updated one. */
  input: string;
}

/** The graph output that holds the updated value of a state input. */
export const nextOf = (input: string): string => `${input}:next`;

/** The graph input of a tensor of the state. */
export function inputName(network: string, part: StatePart, name: string): string {
  return `${network}/${name}${part === 'weights' || part === 'spectral' ? '' : `/${part}`}`;
}

/** One network's state in a graph. */
export class Weights<Name extends string = NetworkName> {
  readonly entries: StateEntry<Name>[] = [];
  readonly #current = new Map<string, string>();

  constructor(
    readonly b: GraphBuilder,
    readonly network: Name,
  ) {}

  /** The current value of a weight at this point of the step; the first request creates a graph input. */
  value = (request: WeightRequest): string => this.tensor('weights', request);

  /** The same for a tensor of any part of the state. */
  tensor(part: StatePart, request: WeightRequest): string {
    const input = inputName(this.network, part, request.name);
    const known = this.#current.get(input);
    if (known) return known;
    this.b.input(input, 'float32', onnxDims(request.shape, request.layout));
    this.entries.push({ ...request, network: this.network, part, input });
    this.#current.set(input, input);
    return input;
  }

  /** The requested weights. */
  get all(): StateEntry<Name>[] {
    return this.entries.filter(({ part }) => part === 'weights');
  }

  get trainable(): StateEntry<Name>[] {
    return this.all.filter(({ trainable }) => trainable);
  }

  /** The current value of a requested tensor. */
  current(name: string, part: StatePart = 'weights'): string {
    return this.#current.get(inputName(this.network, part, name)) as string;
  }

  replace(name: string, value: string, part: StatePart = 'weights'): void {
    this.#current.set(inputName(this.network, part, name), value);
  }

  /** Adds the latest values of entries to the outputs. @returns those entries */
  finish(entries: readonly StateEntry<Name>[] = this.entries): readonly StateEntry<Name>[] {
    for (const { input } of entries) this.b.output(this.#current.get(input) as string, nextOf(input));
    return entries;
  }
}

/** PyTorch's rule: r ← 0.9·r + 0.1·s, with s the batch's mean or its unbiased variance. */
export function updateRunningStatistics(
  b: GraphBuilder,
  statistics: readonly BatchStatistics[],
  weights: Weights<string>,
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
