/** @file The thread of all sessions; see `runtime.node.ts`. */
import { directSession } from './direct-session.node.js';
import type { Session, SessionOptions, SessionTensor } from './session.js';
import type { StoredModel } from './onnxruntime/stored-model.node.js';
import type { Levels } from './levels.js';
import { serve, type Answer } from './thread.node.js';

/** Requests to the thread. */
export type SessionRequest =
  | { call: 'open'; options: SessionOptions; model: StoredModel }
  | { call: 'run'; session: number; feeds: Record<string, SessionTensor>; outputs?: readonly string[]; levels?: Levels }
  | { call: 'release'; session: number };

/** Response to `open`. */
export interface OpenedSession {
  session: number;
  inputNames: readonly string[];
  outputNames: readonly string[];
}

const sessions = new Map<number, Session>();
let last = 0;

await serve<null, SessionRequest>(async () => ({ ready: null, answer }));

async function answer(request: SessionRequest): Promise<Answer> {
  if (request.call === 'open') {
    const made = await directSession(request.model, request.options);
    sessions.set(++last, made);
    const { inputNames, outputNames } = made;
    return { value: { session: last, inputNames, outputNames } satisfies OpenedSession };
  }
  const session = sessions.get(request.session);
  if (request.call === 'release') {
    sessions.delete(request.session);
    return { value: await session?.release() };
  }
  if (!session) throw new Error('the session has been disposed');
  const results = Object.entries(await session.run(request.feeds, request.outputs, request.levels));
  return {
    value: Object.fromEntries(results.map(([name, { type, data, dims }]) => [name, { type, data, dims }])),
    transfer: results.flatMap(([, { data }]) => transferable(data)),
  };
}

function transferable(data: SessionTensor['data']): ArrayBuffer[] {
  return ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
}
