/** @file The interface of sessions, independent of the ONNX Runtime build. */
import type { Tensor } from 'onnxruntime-common';
import type { Model } from '../../onnx/graph/graph.js';
import type { Levels } from './levels.js';

/** Where a session runs, after `auto` has been resolved: cpu and cuda in Node, wasm in a browser, webgpu in both. */
export type ResolvedDevice = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/** Device choices of users; `auto` is the fastest device that works. */
export type Device = 'auto' | ResolvedDevice;

/** A working device, and notes for the user: the chosen device, then one line for each rejected one. */
export interface DeviceChoice {
  device: ResolvedDevice;
  notes: string[];
  /** Whether the machine has a faster device that does not work; the notes should then be shown. */
  surprising?: boolean;
}

export interface SessionOptions {
  /** Default `cpu` in Node, `wasm` in a browser. */
  device?: ResolvedDevice;
  /** Index of the CUDA device; default the first. */
  deviceId?: number;
  /** Threads of CPU operators; 0, the default, lets ONNX Runtime take one per core. */
  threads?: number;
  /**
   * When threads of CPU operators spin while they wait for work, in Node: `always`, the default, also between runs, which is good
   * for one session; `in runs`, where sessions take turns, as the spinning threads of one take cores from the next; `never`,
   * where other work needs the cores meanwhile.
   */
  spinning?: 'always' | 'in runs' | 'never';
  /** Whether each result depends on its own row alone (`rowByRow`), on CPUs in Node many rows on several cores (`rowsInTeam`). */
  eachRow?: boolean;
}

/** Numbers of an input or output tensor, row-major. */
export interface SessionTensor {
  type: Tensor.Type;
  data: Tensor.DataType;
  dims: readonly number[];
}

/** Tensors by the names of a session's inputs or outputs. */
export type SessionTensors = Readonly<Record<string, SessionTensor>>;

/** Numbers of a session. */
export function sessionTensor(data: Float32Array, dims: readonly number[]): SessionTensor {
  return { type: 'float32', data, dims };
}

/** A loaded network. Concurrent runs are queued. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * @param feeds a tensor for each input
   * @param outputs names of the outputs to return, default all
   * @param levels gives outputs [N, C, H, W] as 8-bit levels [N, H, W, C]
   */
  run(feeds: SessionTensors, outputs?: readonly string[], levels?: Levels): Promise<SessionTensors>;
  /** Waits for running calls, then frees the network. */
  release(): Promise<void>;
}

/** Opens a session for a model in memory or the bytes of an .onnx file. */
export type SessionOpener = (model: Model | Uint8Array, options?: SessionOptions) => Promise<Session>;
