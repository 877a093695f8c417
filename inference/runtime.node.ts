/** @file Sessions in Node: all in one thread beside this one, as ONNX Runtime's runs would hold up the event loop. */
import { availableParallelism } from 'node:os';
import type { Model } from '../onnx/graph.js';
import { modelBytes } from '../onnx/write.js';
import { rowsInTeam, type TeamMember } from './row-team.node.js';
import type { OpenedSession, SessionRequest } from './session-thread.node.js';
import type { Session, SessionOpener, SessionOptions, SessionTensor } from './session.js';
import { Thread, type ThreadOptions } from './thread.node.js';

/** The thread, once it is needed. A run keeps all cores busy, so most sessions gain nothing from threads of their own. */
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

/** Most threads for the rows of batches, and most bytes of weights in all of them. */
const MAX_TEAM = 16;
const MAX_TEAM_BYTES = 2 ** 30;

/** A session in the thread of all sessions; rows that run one by one get more threads where there are many. */
export const openedSession: SessionOpener = async (model, options = {}) => {
  const { device = 'cpu', eachRow = false, threads = 0 } = options;
  if (!eachRow || device !== 'cpu') return sessionIn(await sessionThread(), model, options);
  const bytes = model instanceof Uint8Array ? model : modelBytes(model);
  const session = await sessionIn(await sessionThread(), bytes, options);
  const size = Math.min(threads || availableParallelism(), MAX_TEAM, Math.floor(MAX_TEAM_BYTES / bytes.length));
  if (size < 2) return session;
  return rowsInTeam(session, () => openedTeam(size, bytes, { ...options, threads: 1 }));
};

/** Sessions in threads of their own. */
async function openedTeam(size: number, bytes: Uint8Array, options: SessionOptions): Promise<TeamMember[]> {
  const opened = Array.from({ length: size }, async (): Promise<TeamMember> => {
    const thread = await startedSessionThread();
    const end = () => thread.end();
    try {
      return { session: await sessionIn(thread, bytes, options), end };
    } catch (error) {
      await end();
      throw error;
    }
  });
  const members = await Promise.allSettled(opened);
  const failed = members.find(({ status }) => status === 'rejected');
  if (!failed) return Promise.all(opened);
  await Promise.all(members.map((member) => member.status === 'fulfilled' && member.value.end()));
  throw (failed as PromiseRejectedResult).reason;
}

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
