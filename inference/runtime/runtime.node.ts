/** @file Sessions in Node: all in one thread beside this one, as ONNX Runtime's runs would hold up the event loop. */
import { availableParallelism } from 'node:os';
import type { Model } from '../../onnx/graph/graph.js';
import { modelBytes } from '../../onnx/files/write.js';
import { rowsInTeam, type TeamMember } from './session-pool.node.js';
import type { OpenedSession, SessionRequest } from './session-thread.node.js';
import type { Session, SessionOpener, SessionOptions, SessionTensor } from './session.js';
import { Thread, type ThreadOptions } from './thread.node.js';

/** The thread, once it is needed. A run keeps all cores busy, so most sessions gain nothing from threads of their own. */
let shared: Promise<Thread> | undefined;

function sessionThread(): Promise<Thread> {
  if (shared) return shared;
  const started = startSessionThread({ onEnd: () => (shared = undefined) });
  started.catch(() => (shared = undefined));
  shared = started;
  return started;
}

/** A further thread that opens sessions, for a device of its own. End it when done. */
export function startSessionThread(options: ThreadOptions = {}): Promise<Thread> {
  return Thread.start(new URL('./session-thread.node.js', import.meta.url), options);
}

/** Most sessions that the rows of one network's batches are dealt to, and most bytes of weights in all of them. */
const MAX_TEAM = 32;
const MAX_TEAM_BYTES = 2 ** 31;

/**
 * A session in the thread of all sessions. Where rows run one by one, each runs on one core, so that its result does not
 * depend on how many there are, and many of them on several cores; a network too large for that has all cores for a row.
 */
export const openSession: SessionOpener = async (model, options = {}) => {
  const { device = 'cpu', eachRow = false, threads = 0 } = options;
  if (!eachRow || device !== 'cpu') return sessionIn(await sessionThread(), model, options);
  const bytes = model instanceof Uint8Array ? model : modelBytes(model);
  const size = Math.min(threads || availableParallelism(), MAX_TEAM);
  if (size * bytes.length > MAX_TEAM_BYTES) return sessionIn(await sessionThread(), bytes, options);
  const onOneCore = { ...options, threads: 1 };
  const first = await sessionIn(await sessionThread(), bytes, onOneCore);
  return size < 2 ? first : rowsInTeam(first, { size, opened: () => openedMember(bytes, onOneCore) });
};

/** A session in a thread of its own. */
async function openedMember(bytes: Uint8Array, options: SessionOptions): Promise<TeamMember> {
  let ended = false;
  const thread = await startSessionThread({ onEnd: () => (ended = true) });
  try {
    const session = await sessionIn(thread, bytes, options);
    return { session, hasEnded: () => ended, end: () => thread.end() };
  } catch (error) {
    await thread.end();
    throw error;
  }
}

/** A session in a thread of `startSessionThread`. */
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
    run: (feeds, outputs, levels) => {
      const copied = Object.entries(feeds).map(([name, { type, data, dims }]) => [name, { type, data, dims }] as const);
      return ask<Record<string, SessionTensor>>({
        call: 'run',
        session,
        feeds: Object.fromEntries(copied),
        ...(outputs && { outputs }),
        ...(levels && { levels }),
      });
    },
    release: () => ask({ call: 'release', session }),
  };
}
