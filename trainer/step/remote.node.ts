/** @file The training step in a worker thread, so that the event loop, progress and Ctrl-C stay alive. */
import { Worker } from 'node:worker_threads';
import { InputError } from '../../onnx/index.js';
import type { StepSource } from './create.node.js';
import type { StepBatch, StepResult, TrainState, TrainStep } from './step.js';

/** What the worker is asked. */
export type Request =
  | { id: number; call: 'run'; batch: StepBatch }
  | { id: number; call: 'sample'; latents: Float32Array }
  | { id: number; call: 'state' }
  | { id: number; call: 'dispose' };

/** What it answers: to request `id`, or with id 0 once it is ready. */
export type Reply = { id: number } & (
  | { value: unknown }
  | { error: { name: string; message: string; stack?: string } }
);

type Call<T = Request> = T extends Request ? Omit<T, 'id'> : never;

/** A `TrainStep` that lives in its own thread. */
export class RemoteStep implements TrainStep {
  description = '';
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #id = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting?.reject(errorOf(reply.error));
      else waiting?.resolve(reply.value);
    });
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`the training thread ended with code ${code}`)));
  }

  /** Starts the thread; resolves when its networks are ready. */
  static async create(source: StepSource): Promise<RemoteStep> {
    const worker = new Worker(new URL('./worker.node.js', import.meta.url), { workerData: source });
    const step = new RemoteStep(worker);
    step.description = (await step.#answer(0)) as string;
    return step;
  }

  run(batch: StepBatch): Promise<StepResult> {
    return this.#ask({ call: 'run', batch }) as Promise<StepResult>;
  }

  sample(latents: Float32Array): Promise<Float32Array> {
    return this.#ask({ call: 'sample', latents }) as Promise<Float32Array>;
  }

  state(): Promise<TrainState> {
    return this.#ask({ call: 'state' }) as Promise<TrainState>;
  }

  async dispose(): Promise<void> {
    await this.#ask({ call: 'dispose' });
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
  }

  #ask(call: Call): Promise<unknown> {
    const id = ++this.#id;
    this.#worker.postMessage({ ...call, id } as Request);
    return this.#answer(id);
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The worker's error with its kind and stack, which messages between threads would lose. */
function errorOf({ name, message, stack }: { name: string; message: string; stack?: string }): Error {
  if (name === 'InputError') return new InputError(message);
  return Object.assign(new Error(message), { name, ...(stack && { stack }) });
}
