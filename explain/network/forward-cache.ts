/** @file Cache of forward passes: another target or method does not run them again. */
import type { SessionTensor } from '../../inference/runtime/session.js';
import type { Shape } from '../../onnx/graph/graph.js';
import type { Keyed } from './graphs/graphs.js';
import type { Layer } from './layers.js';
import type { LayerStages } from './graphs/stages.js';
import { sameNumbers } from './tensors.js';

/** Limit of the cache, in numbers over all forward passes. */
const MAX_NUMBERS = 16 * 1024 * 1024;
/** Limit of the cache, in forward passes. */
const MAX_PASSES = 64;

/** A forward pass of at most `Network.batch` pictures. */
export interface Forward {
  /** Prepared pictures [N, C, H, W]. */
  pictures: Float32Array;
  /** [N, scores] */
  logits: Float32Array;
  layers: readonly Layer[];
  /** N */
  count: number;
  /** Whether the logits depend on each layer. */
  connected: readonly boolean[];
  /** Each layer's activations [N, K, h, w]; a model with a fixed batch may give more rows than pictures. */
  activations: readonly SessionTensor[];
  /** Their shapes, with a symbolic batch. */
  shapes: readonly Shape[];
}

/** A forward pass with the values that its backward pass reads. */
export interface KeptForward extends Forward {
  stages: Keyed<LayerStages>;
  values: Record<string, SessionTensor>;
  /** Gradients by the target weights they are for, newest last. */
  gradients: { weights: Float32Array; values: (SessionTensor | null)[] }[];
}

/** The most recently used forward passes, within the memory limit. */
export class ForwardCache {
  #kept: KeptForward[] = [];

  /** The forward pass of these pictures for the layers of these stages. */
  of(stages: LayerStages, pictures: Float32Array): KeptForward | undefined {
    const known = this.#kept.find((each) => each.stages === stages && sameNumbers(each.pictures, pictures));
    if (known) this.#kept = [...this.#kept.filter((each) => each !== known), known];
    return known;
  }

  /** Whether a forward pass of these pictures is cached, for any layers. */
  has(pictures: Float32Array): boolean {
    return this.#kept.some((each) => sameNumbers(each.pictures, pictures));
  }

  add(made: KeptForward): void {
    this.#kept.push(made);
    this.trim();
  }

  /** Removes the oldest forward passes until the memory limit is met. Call it when one has grown. */
  trim(): void {
    const numbers = () => this.#kept.reduce((sum, each) => sum + size(each), 0);
    while (this.#kept.length > MAX_PASSES || (this.#kept.length > 1 && numbers() > MAX_NUMBERS)) this.#kept.shift();
  }

  clear(): void {
    this.#kept = [];
  }
}

function size({ values, gradients }: KeptForward): number {
  const tensors = [...Object.values(values), ...gradients.flatMap((each) => each.values)];
  return tensors.reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0);
}
