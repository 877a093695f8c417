/** @file What a session looks like to the rest of the code, whichever ONNX Runtime is behind it. */
import type { Tensor } from 'onnxruntime-common';
import type { Model } from '../../onnx/graph/graph.js';
import type { Levels } from './levels.js';

/** Where a session runs, after `auto` has been resolved: cpu and cuda in Node, wasm in a browser, webgpu in both. */
export type ResolvedDevice = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/** What a user may ask for; `auto` is the fastest that works. */
export type Device = 'auto' | ResolvedDevice;

/** A device that works, and what to tell the user: what was taken, then a line for each that was not. */
export interface DeviceChoice {
  device: ResolvedDevice;
  notes: string[];
  /** Whether the machine has a faster device that does not work: worth telling without being asked. */
  surprising?: boolean;
}

export interface SessionOptions {
  /** Default `cpu` in Node, `wasm` in a browser. */
  device?: ResolvedDevice;
  /** Which of several CUDA devices; the first if left out. */
  deviceId?: number;
  /** Threads of CPU operators; 0, the default, lets ONNX Runtime take one per core. */
  threads?: number;
  /**
   * Whether threads of CPU operators wait busily between runs, in Node. Good for one session; of several that run in turn,
   * the waiting threads of one take the cores from the next. Default true.
   */
  spinning?: boolean;
  /** Whether a batch's rows run one by one (`rowByRow`), on CPUs in Node many of them on several cores (`rowsInTeam`). */
  eachRow?: boolean;
}

/** Numbers that go into a session or come out of it, row-major. */
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

/** A loaded network. Runs that are asked for while another is under way wait for their turn. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * @param feeds a tensor for each input
   * @param outputs the outputs that are wanted, default all
   * @param levels gives outputs [N, C, H, W] as 8-bit levels [N, H, W, C]
   */
  run(feeds: SessionTensors, outputs?: readonly string[], levels?: Levels): Promise<SessionTensors>;
  /** Ends runs under way, then frees the network. */
  release(): Promise<void>;
}

/** Opens a session for a model in memory or the bytes of an .onnx file. */
export type SessionOpener = (model: Model | Uint8Array, options?: SessionOptions) => Promise<Session>;
