/** @file The page's side of the worker: each call is a message, and so is its answer. */
import type { Engine } from './calls.js';

type Reply = { id: number } & ({ value: unknown } | { error: string });

/** Starts the worker. */
export function startEngine(): Engine {
  const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module' });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ('error' in data) asked?.reject(new Error(data.error));
    else asked?.resolve(data.value);
  });
  worker.addEventListener('error', ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(`the worker failed (${message})`));
    waiting.clear();
  });
  const ask =
    (call: string) =>
    (...args: unknown[]) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, call, args });
      });
  return new Proxy({} as Engine, { get: (_, call) => ask(String(call)) });
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
    while (next) {
      const { request } = next;
      next = undefined;
      await work(request);
    }
    working = false;
  };
  return (request) => {
    next = { request };
    if (!working) void run();
  };
}
