/** @file Tensors of a parsed file whose bytes are read later. */
import type { StoredPart } from './stored.js';
import type { TensorProto } from '../proto/onnx_pb.js';

/** Bytes on disk, and how to read them. */
export interface DeferredElements {
  part: StoredPart;
  /** The bytes, in memory of their own. */
  read: () => Uint8Array;
}

const deferred = new WeakMap<TensorProto, DeferredElements>();

/** Leaves a tensor's bytes on disk. Its own raw data, if it has any, counts for nothing. */
export function deferElements(tensor: TensorProto, elements: DeferredElements): void {
  deferred.set(tensor, elements);
}

/** What was left on disk of a tensor. */
export function deferredElements(tensor: TensorProto): DeferredElements | undefined {
  return deferred.get(tensor);
}
