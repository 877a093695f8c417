/** @file Sessions in this thread, from the bytes of a file. Session threads load only this module. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredModel } from './onnxruntime/stored-model.node.js';
import { InferenceSession, isNative, Tensor } from './onnxruntime/library.node.js';
import { threadsOfAllCores } from './onnxruntime/cores.node.js';
import { leveled } from './levels.js';
import { asInputError } from './runtime-error.js';
import { rowByRow } from './rows.js';
import type { Session, SessionOptions } from './session.js';

/** Files as the WebAssembly build takes them: it maps none. */
function filesInMemory({ folder, paths }: NonNullable<StoredModel['disk']>): { path: string; data: Uint8Array }[] {
  return paths.map((path) => ({ path, data: readFileSync(join(folder, path)) }));
}

/** Options of sessions that are used without a `Session` around them. */
export interface NativeOptions extends SessionOptions {
  /** Outputs that stay in buffers of the GPU; only on `webgpu`. The owner disposes of them, before it releases the session. */
  gpuOutputs?: readonly string[];
}

/** ONNX Runtime's own session. */
export function nativeSession(
  model: Uint8Array | StoredModel,
  { device = 'cpu', deviceId, threads = 0, spinning = 'always', eachRow = false, gpuOutputs = [] }: NativeOptions = {},
): Promise<InferenceSession> {
  const { bytes, weights, disk, unpacked }: Pick<StoredModel, 'bytes' | 'weights' | 'disk' | 'unpacked'> =
    model instanceof Uint8Array ? { bytes: model, weights: [], unpacked: false } : model;
  const external = disk && !isNative ? filesInMemory(disk) : weights;
  const provider = device === 'cuda' && deviceId !== undefined ? ({ name: 'cuda', deviceId } as const) : device;
  return InferenceSession.create(bytes, {
    executionProviders: isNative ? [...new Set([provider, 'cpu'])] : ['wasm'],
    intraOpNumThreads: threads || threadsOfAllCores(),
    ...(external.length > 0 && { externalData: external }),
    ...(gpuOutputs.length > 0 && {
      preferredOutputLocation: Object.fromEntries(gpuOutputs.map((name) => [name, 'gpu-buffer' as const])),
    }),
    logSeverityLevel: 3,
    // A pattern is one more block as large as all buffers of a run, beside those of the first run. It saves no time.
    enableMemPattern: false,
    extra: {
      session: {
        ...(spinning === 'never' && { intra_op: { allow_spinning: '0' } }),
        ...(spinning === 'in runs' && { force_spinning_stop: '1' }),
        ...(disk && { model_external_initializers_file_folder_path: disk.folder }),
        ...(unpacked && !eachRow && { disable_prepacking: '1' }),
      },
    },
  });
}

/** Wraps it as a `Session`. Runs block this thread. */
export async function directSession(model: Uint8Array | StoredModel, options: SessionOptions = {}): Promise<Session> {
  const session = await asInputError('load', () => nativeSession(model, options));
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
