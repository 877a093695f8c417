/** @file Sessions in Node: all in one thread beside this one, as ONNX Runtime's runs would hold up the event loop. */
import type { Model } from '../onnx/graph.js';
import { modelBytes } from '../onnx/write.js';
import type { OpenedSession, SessionRequest } from './session-thread.node.js';
import type { Session, SessionOpener, SessionOptions, SessionTensor } from './session.js';
import { Thread, type ThreadOptions } from './thread.node.js';

/** The thread, once it is needed. A run keeps all cores busy, so sessions gain nothing from threads of their own. */
let shared: Promise<Thread> | undefined;

function sessionThread(): Promise<Thread> {
  if (shared) return shared;
  const started = startedSessionThread({ onEnd: () => (shared = undefined) });
  started.catch(() => (shared = undefined));
  shared = started;
  return started;
}

/** A further thread that opens sessions, for a device of its own. End it when done. */
export function startedSessionThread(options: ThreadOptions = {}): Promise<Thread> {
  return Thread.started(new URL('./session-thread.node.js', import.meta.url), options);
}

/** A session in the thread of all sessions. */
export const openedSession: SessionOpener = async (model, options) => sessionIn(await sessionThread(), model, options);

/** A session in a thread of `startedSessionThread`. */
export async function sessionIn(
  thread: Thread,
  model: Model | Uint8Array,
  options: SessionOptions = {},
): Promise<Session> {
  const given = model instanceof Uint8Array;
  const bytes = given ? model : modelBytes(model);
  const ask = <T>(request: SessionRequest, transfer: ArrayBuffer[] = []) => thread.ask<T>(request, transfer);
  const { session, ...names } = await ask<OpenedSession>(
    { call: 'open', bytes, options },
    given ? [] : [bytes.buffer as ArrayBuffer],
  );
  return {
    ...names,
    run: (feeds, outputs) => {
      const copied = Object.entries(feeds).map(([name, { type, data, dims }]) => [name, { type, data, dims }] as const);
      return ask<Record<string, SessionTensor>>({
        call: 'run',
        session,
        feeds: Object.fromEntries(copied),
        ...(outputs && { outputs }),
      });
    },
    release: () => ask({ call: 'release', session }),
  };
}
