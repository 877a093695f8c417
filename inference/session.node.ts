/** @file ONNX Runtime sessions on a device that is known to work. */
import { InferenceSession } from 'onnxruntime-node';
import type { Model } from '../onnx/graph.js';
import { modelBytes } from '../onnx/write.js';

/** Where a session runs, after `auto` has been resolved. */
export type ResolvedDevice = 'cpu' | 'cuda' | 'webgpu';

export interface SessionOptions {
  device?: ResolvedDevice;
  /** Threads of CPU operators; 0 lets ONNX Runtime take one per core. */
  threads?: number;
}

/** A session for a model in memory or the bytes of an .onnx file. Release it when done. */
export async function createdSession(
  model: Model | Uint8Array,
  { device = 'cpu', threads = 0 }: SessionOptions = {},
): Promise<InferenceSession> {
  const bytes = model instanceof Uint8Array ? model : modelBytes(model);
  return InferenceSession.create(bytes, {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  });
}
