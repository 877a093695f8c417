/** @file ONNX Runtime sessions in this thread, on a tested device. */
import type { InferenceSession } from './onnxruntime/library.node.js';
import type { Model } from '../../onnx/graph/graph.js';
import { modelBytes } from '../../onnx/files/write.js';
import { nativeSession, type NativeOptions } from './direct-session.node.js';

/** A session for a model in memory or the bytes of an .onnx file. Release it when done. */
export async function createSession(model: Model | Uint8Array, options: NativeOptions = {}): Promise<InferenceSession> {
  return nativeSession(model instanceof Uint8Array ? model : modelBytes(model), options);
}
