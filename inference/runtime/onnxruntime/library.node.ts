/**
 * @file ONNX Runtime in Node: onnxruntime-node where it is installed and loads, else the WebAssembly build of onnxruntime-web
 * that ships with this package. The two have the same API; the second computes on the CPU only, and more slowly.
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

/** onnxruntime-node; undefined, with a warning, where it is installed and cannot be loaded, as with an old C library. */
async function nativeLibrary(): Promise<Library | undefined> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    const [line] = String((error as Error).message).split('\n');
    process.emitWarning(`onnxruntime-node cannot be loaded (${line}); WebAssembly is used, which is slower`);
    return undefined;
  }
}
