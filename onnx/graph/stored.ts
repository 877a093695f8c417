/** @file Tensors whose elements stay elsewhere until they are read: in a file, or as a computation. */
import type { Tensor } from './graph.js';

/** A part of a file that holds the elements of a tensor as raw bytes. */
export interface StoredPart {
  /** Real path of the file. */
  path: string;
  offset: number;
  length: number;
  /** Size and time of the file as it was read; another state is another file. */
  state: string;
}

const parts = new WeakMap<Tensor, StoredPart>();

/** Where a tensor's elements stand on disk, if they are there. */
export function storedPart(tensor: Tensor): StoredPart | undefined {
  return parts.get(tensor);
}

/**
 * A tensor whose elements are made when they are read, and again when the memory was needed for something else.
 * @param elements gives equal elements each time
 * @param part of the file that holds them
 */
export function lazyTensor<T extends Tensor>(rest: Omit<T, 'data'>, elements: () => T['data'], part?: StoredPart): T {
  let kept: WeakRef<T['data']> | undefined;
  const tensor = Object.defineProperty({ ...rest }, 'data', {
    enumerable: true,
    get: () => {
      const known = kept?.deref();
      if (known) return known;
      const made = elements();
      kept = new WeakRef(made);
      return made;
    },
  }) as T;
  if (part) parts.set(tensor, part);
  lazy.add(tensor);
  return tensor;
}

/** A tensor that is computed from another one: when it is read, if that one's elements stay elsewhere until then. */
export function computedTensor<T extends Tensor>(from: Tensor, rest: Omit<T, 'data'>, elements: () => T['data']): T {
  return isLazy(from) ? lazyTensor<T>(rest, elements) : ({ ...rest, data: elements() } as T);
}

const lazy = new WeakSet<Tensor>();

/** Whether reading a tensor's elements reads a file or computes. */
export function isLazy(tensor: Tensor): boolean {
  return lazy.has(tensor);
}
