/** @file Sessions in this thread, from the bytes of a file. Session threads load only this module. */
import type { StoredModel } from './onnxruntime/stored-model.node.js';
import { InferenceSession, isNative, Tensor } from './onnxruntime/library.node.js';
import { leveled } from './levels.js';
import { asInputError } from './runtime-error.js';
import { rowByRow } from './rows.js';
import type { Session, SessionOptions } from './session.js';

/** ONNX Runtime's own session. */
export function nativeSession(
  bytes: Uint8Array,
  { device = 'cpu', deviceId, threads = 0, spinning = true }: SessionOptions = {},
  weights: StoredModel['weights'] = [],
): Promise<InferenceSession> {
  const provider = device === 'cuda' && deviceId !== undefined ? ({ name: 'cuda', deviceId } as const) : device;
  return InferenceSession.create(bytes, {
    executionProviders: isNative ? [...new Set([provider, 'cpu'])] : ['wasm'],
    intraOpNumThreads: threads,
    ...(weights.length > 0 && { externalData: weights }),
    logSeverityLevel: 3,
    // A pattern is one more block as large as all buffers of a run, beside those of the first run. It saves no time.
    enableMemPattern: false,
    extra: {
      session: {
        ...(!spinning && { intra_op: { allow_spinning: '0' } }),
        // Packed copies of large weights take as much memory again.
        ...(weights.length > 0 && { disable_prepacking: '1' }),
      },
    },
  });
}

/** Wraps it as a `Session`. Runs block this thread. */
export async function directSession(
  bytes: Uint8Array,
  options: SessionOptions = {},
  weights?: StoredModel['weights'],
): Promise<Session> {
  const session = await asInputError('load', () => nativeSession(bytes, options, weights));
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
