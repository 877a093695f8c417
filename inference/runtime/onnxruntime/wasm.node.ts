/** @file The WebAssembly build of onnxruntime-web in this package, adapted to behave like onnxruntime-node. */
import type * as Ort from 'onnxruntime-common';
import { usableCores } from './cores.node.js';

/** Copied here by the build (`web/copy-runtime.ts`). */
const MODULE = new URL('../../../wasm/ort.node.min.mjs', import.meta.url);

/** The part of ONNX Runtime's API that is used. */
export type Library = Pick<typeof Ort, 'InferenceSession' | 'Tensor'>;

/** Loads the build. All sessions of a thread share its threads, one per core. */
export async function wasmLibrary(): Promise<Library> {
  const { env, InferenceSession, Tensor } = (await import(MODULE.href)) as typeof Ort;
  env.wasm.numThreads = usableCores();
  const create = async (bytes: Uint8Array, options?: Ort.InferenceSession.SessionOptions) =>
    fillingSession(await InferenceSession.create(bytes, options));
  return { InferenceSession: { create } as typeof InferenceSession, Tensor };
}

/** A session that writes its results into given tensors; onnxruntime-web does not do this. */
function fillingSession(session: Ort.InferenceSession): Ort.InferenceSession {
  type Run = (feeds: Ort.InferenceSession.FeedsType, ...more: unknown[]) => Promise<Ort.InferenceSession.ReturnType>;
  const run = session.run.bind(session) as Run;
  const filling: Run = async (feeds, fetches, ...options) => {
    if (typeof fetches !== 'object' || fetches === null || Array.isArray(fetches))
      return run(feeds, fetches, ...options);
    const results = { ...(await run(feeds, Object.keys(fetches), ...options)) };
    for (const [name, given] of Object.entries(fetches as Record<string, Ort.Tensor | null>)) {
      const made = results[name];
      if (given === null || made === undefined) continue;
      (given.data as Float32Array).set(made.data as Float32Array);
      results[name] = given;
    }
    return results;
  };
  return Object.assign(session, { run: filling });
}
