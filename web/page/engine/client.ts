/** @file The page's side of the worker: each call is a message, and so is its answer. */
import type { Engine } from './calls.js';

type Reply = { id: number; value: unknown } | { id: number; error: string } | { lost: string };
type Waiting = Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>;

/**
 * Starts the worker. One that fails, or loses its device, is replaced: what it was asked fails, and its networks are gone. One
 * that never answered would fail again: all that is asked from then on fails.
 * @param onLost told why, when the new worker is there, or there can be none
 */
export function startEngine(onLost: (reason: string) => void = () => {}): { engine: Engine; stop: () => void } {
  const waiting: Waiting = new Map();
  let hasAnswered = false;
  let failure: Error | undefined;
  let worker = started();
  let last = 0;
  const ask =
    (call: string) =>
    (...args: unknown[]) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        const id = ++last;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, call, args });
      });
  const engine = new Proxy({} as Engine, { get: (_, call) => ask(String(call)) });
  return { engine, stop: () => worker.terminate() };

  function started(): Worker {
    const made = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module' });
    made.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      hasAnswered = true;
      if ('lost' in data) return replace(`WebGPU was lost (${data.lost || 'the browser does not say why'})`);
      const asked = waiting.get(data.id);
      waiting.delete(data.id);
      if ('error' in data) asked?.reject(new Error(data.error));
      else asked?.resolve(data.value);
    });
    made.addEventListener('error', ({ message }) =>
      replace(`the worker failed (${message || 'it could not be started'})`),
    );
    return made;
  }

  function replace(reason: string): void {
    if (failure) return;
    worker.terminate();
    const error = new Error(reason);
    if (hasAnswered) worker = started();
    else failure = error;
    hasAnswered = false;
    const failed = [...waiting.values()];
    waiting.clear();
    for (const { reject } of failed) reject(error);
    onLost(reason);
  }
}

/**
 * A function that does the latest of what is asked: while it works, only the newest request waits, and older ones are
 * dropped.
 */
export function latestOnly<T>(work: (request: T) => Promise<void>): (request: T) => void {
  let working = false;
  let next: { request: T } | undefined;
  const run = async (): Promise<void> => {
    working = true;
    try {
      while (next) {
        const { request } = next;
        next = undefined;
        await work(request);
      }
    } finally {
      working = false;
    }
  };
  return (request) => {
    next = { request };
    if (!working) void run();
  };
}
