/** @file Sessions in Node. All run in one worker thread, because ONNX Runtime would block the event loop. */
import type { Model } from '../../onnx/graph/graph.js';
import { rowsInTeam, type TeamMember } from './session-pool.node.js';
import { storedModel, type StoredModel } from './onnxruntime/stored-model.node.js';
import type { OpenedSession, SessionRequest } from './session-thread.node.js';
import type { Session, SessionOpener, SessionOptions, SessionTensor } from './session.js';
import { Thread, type ThreadOptions } from './thread.node.js';
import { usableCores } from './onnxruntime/cores.node.js';

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
  const size = Math.min(threads || usableCores(), MAX_TEAM);
  const stored = await storedModel(model);
  try {
    const session =
      size * stored.size > MAX_TEAM_BYTES
        ? await sessionOf(await sessionThread(), stored, options)
        : await teamOf(stored, size, { ...options, threads: 1 });
    return { ...session, release: () => session.release().finally(stored.dispose) };
  } catch (error) {
    await stored.dispose();
    throw error;
  }
};

/** Sessions on one core each. */
async function teamOf(stored: StoredModel, size: number, options: SessionOptions): Promise<Session> {
  const first = await sessionOf(await sessionThread(), stored, options);
  return size < 2 ? first : rowsInTeam(first, { size, opened: () => openedMember(stored, options) });
}

/** A session in its own thread. */
async function openedMember(stored: StoredModel, options: SessionOptions): Promise<TeamMember> {
  let ended = false;
  const thread = await startSessionThread({ onEnd: () => (ended = true) });
  try {
    const session = await sessionOf(thread, stored, options);
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
  const { dispose, ...stored } = await storedModel(model);
  const own = model instanceof Uint8Array ? [] : [stored.bytes.buffer as ArrayBuffer];
  return sessionOf(thread, stored, options, own).finally(dispose);
}

/** @param own buffers that are moved to the thread instead of copied */
async function sessionOf(
  thread: Thread,
  { bytes, weights, disk, size, unpacked }: StoredModel,
  options: SessionOptions,
  own: ArrayBuffer[] = [],
): Promise<Session> {
  const model = { bytes, weights, size, unpacked, ...(disk && { disk }) };
  const ask = <T>(request: SessionRequest, transfer: ArrayBuffer[] = []) => thread.ask<T>(request, transfer);
  const { session, ...names } = await ask<OpenedSession>({ call: 'open', model, options }, own);
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
