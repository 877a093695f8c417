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

  /** A size, stride or the like for height and width; one number stands for both. */
  pair(name: string, fallback?: number): readonly [number, number] {
    const value = this.#values[name] ?? fallback;
    if (typeof value === 'number') return [value, value];
    if (isPair(value)) return value;
    throw this.unsupported(name, 'two numbers');
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

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((item) => typeof item === 'number');
}

/** The ONNX axis of a tfjs axis (negative ones count from the end) of a value of this rank. */
export function onnxAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  return rank === 4 ? ([0, 2, 3, 1][positive] ?? positive) : positive;
}

/** [N, C, H, W] and [N, H, W, C] have their elements in the same order where there is one channel or one position. */
function sameOrder(channels: unknown, height: unknown, width: unknown): boolean {
  return channels === 1 || (height === 1 && width === 1);
}

/**
 * The value with its elements in tfjs's order: pictures are transposed to [N, H, W, C], unless that would move nothing;
 * then, and for other ranks, it is the value itself. Only fit to be reshaped.
 */
export function inTfjsOrder(b: GraphBuilder, value: string): string {
  const [, channels, height, width, ...rest] = b.shape(value);
  const isPicture = width !== undefined && rest.length === 0;
  return isPicture && !sameOrder(channels, height, width) ? b.transpose(value, [0, 2, 3, 1]) : value;
}

/** A value with its elements in tfjs's order, in the form that a value of this tfjs shape (without the batch) has here. */
export function fromTfjsOrder(b: GraphBuilder, value: string, shape: readonly number[]): string {
  const batch = b.shape(value)[0] ?? 1;
  const [height, width, channels] = shape;
  if (shape.length !== 3) return reshaped(b, value, [batch, ...shape]);
  if (sameOrder(channels, height, width)) return reshaped(b, value, [batch, channels, height, width] as number[]);
  return b.transpose(reshaped(b, value, [batch, ...shape]), [0, 3, 1, 2]);
}

/** The value in this shape; itself if it has it already. */
function reshaped(b: GraphBuilder, value: string, shape: readonly (number | string)[]): string {
  const before = b.shape(value);
  const same = before.length === shape.length && before.every((dim, axis) => dim === shape[axis]);
  return same ? value : b.reshape(value, shape);
}
