/** @file Sessions in this thread, from the bytes of a file. Session threads load only this module. */
import { InferenceSession, isNative, Tensor } from './onnxruntime/library.node.js';
import { leveled } from './levels.js';
import { asInputError } from './runtime-error.js';
import { rowByRow } from './rows.js';
import type { Session, SessionOptions } from './session.js';

/** ONNX Runtime's own session. */
export function nativeSession(
  bytes: Uint8Array,
  { device = 'cpu', deviceId, threads = 0, spinning = true }: SessionOptions = {},
): Promise<InferenceSession> {
  const provider = device === 'cuda' && deviceId !== undefined ? ({ name: 'cuda', deviceId } as const) : device;
  return InferenceSession.create(bytes, {
    executionProviders: isNative ? [...new Set([provider, 'cpu'])] : ['wasm'],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    // A pattern is one more block as large as all buffers of a run, beside those of the first run. It saves no time.
    enableMemPattern: false,
    ...(!spinning && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  });
}

/** Wraps it as a `Session`. Runs block this thread. */
export async function directSession(bytes: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const session = await asInputError('load', () => nativeSession(bytes, options));
  /** Output buffers of the last run that returned only levels, and its input sizes; the next run reuses the buffers. */
  let reused: { sizes: string; outputs: Readonly<Record<string, Tensor>> } | undefined;
  const direct: Session = {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds, outputs = session.outputNames, levels) =>
      asInputError('run', async () => {
        const inputs = Object.entries(feeds).map(
          ([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)] as const,
        );
        const sizes = JSON.stringify([inputs.map(([name, { dims }]) => [name, dims]), outputs]);
        const into = levels && isNative && reused?.sizes === sizes ? reused.outputs : outputs;
        const results = await session.run(Object.fromEntries(inputs), into);
        if (!levels) return results;
        reused = { sizes, outputs: results as Record<string, Tensor> };
        return leveled(results, levels);
      }),
    release: () => session.release(),
  };
  return options.eachRow ? rowByRow(direct) : direct;
}
