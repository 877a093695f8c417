/**
 * @file ONNX Runtime in Node: onnxruntime-node if it is installed and loads, else the WebAssembly build of onnxruntime-web in
 * this package. Both have the same API; the WebAssembly build uses only the CPU and is slower.
 */
import type * as Ort from 'onnxruntime-common';
import { nativeProblem } from './native.node.js';
import { disableTelemetry } from './telemetry.node.js';
import { wasmLibrary, type Library } from './wasm.node.js';

disableTelemetry();
const native = nativeProblem() === undefined ? await nativeLibrary() : undefined;

/** Whether this is onnxruntime-node. */
export const isNative = native !== undefined;

export const { InferenceSession, Tensor } = native ?? (await wasmLibrary());
export type InferenceSession = Ort.InferenceSession;
export type Tensor = Ort.Tensor;

/** onnxruntime-node. If it is installed but cannot be loaded (such as with an old C library), warns and returns undefined. */
async function nativeLibrary(): Promise<Library | undefined> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    const [line] = String((error as Error).message).split('\n');
    process.emitWarning(`onnxruntime-node cannot be loaded (${line}); WebAssembly is used, which is slower`);
    return undefined;
  }
}
