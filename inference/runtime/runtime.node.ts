/** @file Sessions in Node. All run in one worker thread, because ONNX Runtime would block the event loop. */
import { availableParallelism } from 'node:os';
import type { Model } from '../../onnx/graph/graph.js';
import { modelBytes } from '../../onnx/files/write.js';
import { rowsInTeam, type TeamMember } from './session-pool.node.js';
import { storedModel } from './onnxruntime/stored-model.node.js';
import type { OpenedSession, SessionRequest } from './session-thread.node.js';
import type { Session, SessionOpener, SessionOptions, SessionTensor } from './session.js';
import { Thread, type ThreadOptions } from './thread.node.js';

/** The shared thread, started when first needed. A run uses all cores, so separate threads would rarely help. */
let shared: Promise<Thread> | undefined;

function sessionThread(): Promise<Thread> {
  if (shared) return shared;
  const started = startSessionThread({ onEnd: () => (shared = undefined) });
  started.catch(() => (shared = undefined));
  shared = started;
  return started;
}

/** Starts a further session thread, for its own device. End it when done. */
export function startSessionThread(options: ThreadOptions = {}): Promise<Thread> {
  return Thread.start(new URL('./session-thread.node.js', import.meta.url), options);
}

/** Limits of a session pool: number of sessions, and total bytes of their weights. */
const MAX_TEAM = 32;
const MAX_TEAM_BYTES = 2 ** 31;

/**
 * A session in the shared thread. If rows run one by one, each row uses one core, so that its result does not depend on the
 * number of rows; several rows run in parallel. A network too large for that uses all cores for each row.
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

/** A session in its own thread. */
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
  const { bytes, weights } = given ? { bytes: model, weights: [] } : storedModel(model);
  const ask = <T>(request: SessionRequest, transfer: ArrayBuffer[] = []) => thread.ask<T>(request, transfer);
  const { session, ...names } = await ask<OpenedSession>(
    { call: 'open', bytes, weights, options },
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
