/** @file What a lowering rule is given: one use of a tfjs layer, with its options, weights and ONNX input values. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import type { WeightLayout } from './weights.js';

/** A layer of a tfjs model. */
export type Layer = LayersModel['layers'][number];

/** Batch statistics of a batch norm layer in training form. */
export interface BatchStatistics {
  layer: string;
  /** Values [C]: the batch's mean and its biased variance (mean squared deviation). */
  mean: string;
  variance: string;
  /** Elements of the batch that each channel's statistics are taken over. */
  count: number;
  /** Names of the running statistics among the weights. */
  movingMean: string;
  movingVariance: string;
  /** tfjs's: the share of a running statistic that is kept. */
  momentum: number;
}

/**
 * One use of a layer. Pictures, which tfjs has as [N, H, W, C], are [N, C, H, W] here: every value of rank 4 is; values of
 * other ranks are as in tfjs.
 */
export interface LayerCall {
  b: GraphBuilder;
  layer: Layer;
  options: LayerOptions;
  /** ONNX values, at least one. */
  inputs: readonly [string, ...string[]];
  training: boolean;
  /** The ONNX value of a weight such as `kernel`, or undefined where the layer has none. */
  weight(kind: string, layout?: WeightLayout): string | undefined;
  /** Appends the nodes of a layer that this one wraps. */
  wrapped(layer: Layer, input: string): string;
  /** The stable name of a weight the layer has. */
  weightName(kind: string): string;
  statistics: BatchStatistics[];
}

/** Appends the nodes of one layer and returns their output. */
export type LayerRule = (call: LayerCall) => string;

/** A layer's saved configuration, read with checks. */
export class LayerOptions {
  readonly #values: Record<string, unknown>;

  constructor(
    readonly layer: Layer,
    values: object = layer.getConfig(),
  ) {
    this.#values = { ...values };
  }

  /** @throws InputError naming layer and option if it is not a finite number */
  number(name: string, fallback?: number): number {
    const value = this.#values[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.unsupported(name, 'a number');
  }

  string(name: string, fallback: string): string {
    const value = this.#values[name] ?? fallback;
    if (typeof value === 'string') return value;
    throw this.unsupported(name, 'a name');
  }

  boolean(name: string): boolean {
    return this.#values[name] === true;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  /** A size, stride or the like for each of so many axes of positions; one number stands for all. */
  perAxis(name: string, axes: number, fallback?: number): readonly number[] {
    const value = this.#values[name] ?? fallback;
    if (typeof value === 'number') return Array.from({ length: axes }, () => value);
    if (isNumbers(value) && value.length === axes) return value;
    throw this.unsupported(name, axes === 1 ? 'a number' : `${axes} numbers`);
  }

  /** One integer or several, as axes are given. */
  integers(name: string, fallback?: number): readonly number[] {
    const value = this.#values[name] ?? fallback;
    const numbers = typeof value === 'number' ? [value] : value;
    if (isNumbers(numbers) && numbers.every(Number.isInteger)) return numbers;
    throw this.unsupported(name, 'integers');
  }

  /** A list of sizes, of which one may be null or −1 for whatever is left of `total` elements. */
  sizes(name: string, total: number): number[] {
    const value = this.#values[name];
    const sizes = Array.isArray(value) ? value.map((size: unknown) => size ?? -1) : [];
    const free = sizes.indexOf(-1);
    const rest = sizes.reduce<number>((product, size, axis) => (axis === free ? product : product * Number(size)), 1);
    const filled = free < 0 ? sizes : sizes.with(free, total / rest);
    const fits = filled.every((size): size is number => Number.isInteger(size)) && (free >= 0 || rest === total);
    if (!fits) throw this.unsupported(name, `sizes whose product is ${total}`);
    return filled as number[];
  }

  /** Amounts before and after height and width: [[top, bottom], [left, right]]. */
  borders(name: string): readonly [readonly [number, number], readonly [number, number]] {
    const value = this.#values[name];
    if (Array.isArray(value) && value.length === 2 && isPair(value[0]) && isPair(value[1])) return [value[0], value[1]];
    throw this.unsupported(name, '[[top, bottom], [left, right]]');
  }

  /** The error for a value that cannot be lowered. */
  unsupported(name: string, expected: string): InputError {
    const { layer } = this;
    const value = JSON.stringify(this.#values[name]) ?? 'nothing';
    return new InputError({
      name: `${layer.getClassName()} layer "${layer.name}": ${name}`,
      expected: expected,
      got: value,
    });
  }
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

function isPair(value: unknown): value is [number, number] {
  return isNumbers(value) && value.length === 2;
}
