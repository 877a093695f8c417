/** @file The training step in a worker thread, so that the event loop, progress and Ctrl-C keep working. */
import { MessageChannel } from 'node:worker_threads';
import { Thread } from '../../inference/runtime/thread.node.js';
import type { StepSource } from './create.node.js';
import { serveGroup, type GroupPort } from './group-port.node.js';
import type { Group } from './state/group.js';
import type { StepBatch, StepResult, TrainState, TrainStep } from './state/step.js';

/** Requests to the thread. */
export type StepRequest =
  | { call: 'run'; batch: StepBatch }
  | { call: 'runAll'; batches: readonly StepBatch[] }
  | { call: 'sample'; latents: Float32Array; labels: Float32Array | undefined }
  | { call: 'state' }
  | { call: 'dispose' };

/** A `TrainStep` in its own thread. */
export class RemoteStep implements TrainStep {
  readonly description: string;
  readonly #thread: Thread;

  private constructor(thread: Thread) {
    this.#thread = thread;
    this.description = thread.ready as string;
  }

  /**
   * Starts the thread; resolves when its networks are ready.
   * @param group the processes that train together; the thread reaches it through this one
   */
  static async create(source: StepSource, group?: Group): Promise<RemoteStep> {
    const script = new URL('./worker.node.js', import.meta.url);
    if (!group) return new RemoteStep(await Thread.start(script, { data: source }));
    const { port1, port2: port } = new MessageChannel();
    serveGroup(group, port1);
    const { rank, size, localRank, localSize, description } = group;
    const shared: GroupPort = { port, rank, size, localRank, localSize, description };
    return new RemoteStep(await Thread.start(script, { data: { ...source, group: shared }, transfer: [port] }));
  }

  run(batch: StepBatch): Promise<StepResult> {
    return this.#ask({ call: 'run', batch });
  }

  runAll(batches: readonly StepBatch[]): Promise<StepResult[]> {
    return this.#ask({ call: 'runAll', batches });
  }

  sample(latents: Float32Array, labels?: Float32Array): Promise<Float32Array> {
    return this.#ask({ call: 'sample', latents, labels });
  }

  state(): Promise<TrainState> {
    return this.#ask({ call: 'state' });
  }

  async dispose(): Promise<void> {
    await this.#ask({ call: 'dispose' });
    await this.#thread.end();
  }

  #ask<T>(request: StepRequest): Promise<T> {
    return this.#thread.ask<T>(request);
  }
}
