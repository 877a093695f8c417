/** @file Sessions in Node: all in one thread beside this one, as ONNX Runtime's runs would hold up the event loop. */
import { modelBytes } from '../onnx/write.js';
import type { OpenedSession, SessionRequest } from './session-thread.node.js';
import type { SessionOpener, SessionTensor } from './session.js';
import { Thread } from './thread.node.js';

/** The thread, once it is needed. A run keeps all cores busy, so sessions gain nothing from threads of their own. */
let shared: Promise<Thread> | undefined;

function sessionThread(): Promise<Thread> {
  shared ??= Thread.started(new URL('./session-thread.node.js', import.meta.url), {
    onEnd: () => (shared = undefined),
  });
  return shared;
}

/** A session in the thread. */
export const openedSession: SessionOpener = async (model, options = {}) => {
  const thread = await sessionThread();
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
};
