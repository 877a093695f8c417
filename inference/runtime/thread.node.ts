/** @file A worker thread that handles requests in order, so that this thread's event loop stays free. */
import { parentPort, Worker, workerData, type MessagePort, type Transferable } from 'node:worker_threads';
import { disableTelemetry } from './onnxruntime/telemetry.node.js';
import { InputError, type InputProblem } from '../../onnx/errors.js';
import { Queue } from './queue.js';

/** A thread's response: a value, and the buffers to transfer instead of copying. */
export interface Answer {
  value: unknown;
  transfer?: readonly Transferable[];
}

/** Request 0 is the start. */
type Request = { id: number; request: unknown };
type Reply = { id: number } & ({ value: unknown } | { error: SentError });
type SentError = { name: string; message: string; stack?: string; input?: InputProblem };

/** Options for starting a thread. */
export interface ThreadOptions {
  /** Data for the script's start function. */
  data?: unknown;
  /** What of the data is moved instead of copied. */
  transfer?: Transferable[];
  /** Called when the thread has ended, including after an error. */
  onEnd?: () => void;
}

/** The owner's side of a thread. An idle thread does not keep the process alive. */
export class Thread {
  /** Response of the script's start function. */
  ready: unknown;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;
  #ended = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (this.#waiting.size === 0) worker.unref();
      if ('error' in reply) waiting?.reject(errorOf(reply.error));
      else waiting?.resolve(reply.value);
    });
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`the thread ended with code ${code}`)));
  }

  /**
   * Starts a script that calls `serve`.
   */
  static async start(script: URL, { data = null, transfer = [], onEnd }: ThreadOptions = {}): Promise<Thread> {
    disableTelemetry();
    const worker = new Worker(script, { workerData: data, transferList: transfer });
    const thread = new Thread(worker);
    if (onEnd) worker.on('exit', onEnd);
    try {
      thread.ready = await thread.#answer(0);
      return thread;
    } catch (error) {
      await thread.end();
      throw error;
    }
  }

  /** The response to `request`; the script's errors are thrown here. */
  ask<T>(request: unknown, transfer: Transferable[] = []): Promise<T> {
    if (this.#ended) return Promise.reject(new Error('the thread has ended'));
    const id = ++this.#last;
    this.#worker.ref();
    this.#worker.postMessage({ id, request } satisfies Request, transfer);
    return this.#answer<T>(id);
  }

  /** Ends the thread. Pending requests are rejected. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
    this.#fail(new Error('the thread was ended'));
  }

  #answer<T>(id: number): Promise<T> {
    return new Promise<T>((resolve, reject) =>
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject }),
    );
  }

  #fail(error: Error): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * The thread's side: its script calls this once.
 * @param start from the start data, returns the start response and the function that handles requests
 */
export async function serve<D, R>(
  start: (data: D) => Promise<{ ready: unknown; answer: (request: R) => Promise<Answer> }>,
): Promise<void> {
  const port = parentPort as MessagePort;
  const reply = async (id: number, work: () => Promise<Answer>): Promise<void> => {
    try {
      const { value, transfer = [] } = await work();
      port.postMessage({ id, value } satisfies Reply, transfer);
    } catch (error) {
      const { name, message, stack, input } = error as SentError;
      const sent = { name, message, ...(stack && { stack }), ...(input && { input }) };
      port.postMessage({ id, error: sent } satisfies Reply);
    }
  };
  await reply(0, async () => {
    const { ready, answer } = await start(workerData as D);
    const queue = new Queue();
    port.on('message', ({ id, request }: Request) => {
      void queue.run(() => reply(id, () => answer(request as R)));
    });
    return { value: ready };
  });
}

/** The thread's error, including its kind, parts and stack, which messages between threads would lose. */
function errorOf({ name, message, stack, input }: SentError): Error {
  if (name === 'InputError') return new InputError(input ?? message);
  return Object.assign(new Error(message), { name, ...(stack && { stack }) });
}
