/** @file The state of a training step between its runs: in memory, or in buffers of the GPU that runs the step. */
import { Tensor, type InferenceSession } from '../../../inference/runtime/onnxruntime/library.node.js';
import { createSession } from '../../../inference/runtime/session.node.js';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../../onnx/index.js';
import type { Values } from './values.node.js';

/** The state before the next run, by the name of the graph's input. */
export interface KeptState {
  readonly current: Values;
  /** What the next run writes each tensor of the new state to; null makes a new one. */
  target(input: string): Tensor | null;
  /** Takes the new state after a run. @param output the run's output for the name of an input */
  advance(output: (input: string) => Tensor): void;
  /** The current state in memory. Valid until the next run. */
  download(): Promise<Values>;
  /** Call it before the session that made the state is released. */
  dispose(): Promise<void>;
}

/** State in memory: two sets of tensors that take turns. */
export class StateInMemory implements KeptState {
  #current: Values;
  #next: Values;

  constructor(first: Values) {
    this.#current = first;
    this.#next = mapped(first, ({ dims, size }) => new Tensor('float32', new Float32Array(size), dims));
  }

  get current(): Values {
    return this.#current;
  }

  target(input: string): Tensor {
    return this.#next[input] as Tensor;
  }

  advance(): void {
    [this.#current, this.#next] = [this.#next, this.#current];
  }

  async download(): Promise<Values> {
    return this.#current;
  }

  async dispose(): Promise<void> {}
}

/** State on a GPU, where the first run puts it. Its session has the state as `gpuOutputs`. */
export class StateOnGpu implements KeptState {
  #current: Values;
  #downloads: InferenceSession | undefined;

  /** @param first in memory */
  constructor(first: Values) {
    this.#current = first;
  }

  get current(): Values {
    return this.#current;
  }

  target(): null {
    return null;
  }

  advance(output: (input: string) => Tensor): void {
    const before = this.#current;
    this.#current = mapped(before, (_, input) => output(input));
    freed(before);
  }

  /** Through a graph of Identity nodes: `Tensor.getData` of onnxruntime-node 1.30 ends the process for a tensor on a GPU. */
  async download(): Promise<Values> {
    if (Object.values(this.#current).every(({ location }) => location === 'cpu')) return this.#current;
    this.#downloads ??= await createSession(modelOfGraph(identities(this.#current)), { device: 'webgpu' });
    const outputs = await this.#downloads.run(this.#current);
    return mapped(this.#current, (_, input) => outputs[copyOf(input)] as Tensor);
  }

  async dispose(): Promise<void> {
    freed(this.#current);
    await this.#downloads?.release();
  }
}

const copyOf = (input: string) => `${input}:copy`;

/** A graph that returns its inputs. */
function identities(values: Values) {
  const b = new GraphBuilder(emptyGraph('gan-training-state'));
  for (const [name, { dims }] of Object.entries(values)) {
    b.output(b.op('Identity', [b.input(name, 'float32', [...dims])]), copyOf(name));
  }
  return b.graph;
}

/** Only tensors on a GPU are freed; what is in memory may be of use to others. */
function freed(values: Values): void {
  for (const tensor of Object.values(values)) if (tensor.location === 'gpu-buffer') tensor.dispose();
}

const mapped = (values: Values, change: (tensor: Tensor, input: string) => Tensor): Values =>
  Object.fromEntries(Object.entries(values).map(([input, tensor]) => [input, change(tensor, input)]));
