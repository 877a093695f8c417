/** @file Sessions in a browser, on onnxruntime-web: its WebGPU build for `webgpu`, the smaller CPU build for `wasm`. */
import type * as Ort from 'onnxruntime-web';
import { modelBytes } from '../../onnx/files/write.js';
import { Queue } from './queue.js';
import { asInputError } from './runtime-error.js';
import { leveled } from './levels.js';
import { rowByRow } from './rows.js';
import type { Session, SessionOpener, SessionTensors } from './session.js';

/** A runtime runs one task at a time, across all sessions. */
const queues = { webgpu: new Queue(), wasm: new Queue() };

/** A session in this thread. On a page, open it in a worker: runs block the thread. */
export const openSession: SessionOpener = async (model, { device = 'wasm', threads = 0, eachRow = false } = {}) => {
  const kind = device === 'webgpu' ? 'webgpu' : 'wasm';
  const queue = queues[kind];
  const ort: typeof Ort =
    kind === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  const bytes = model instanceof Uint8Array ? model : modelBytes(model);
  const session = await queue.run(() => {
    if (threads > 0) ort.env.wasm.numThreads = threads;
    return asInputError('load', () =>
      ort.InferenceSession.create(bytes, { executionProviders: [kind], logSeverityLevel: 3 }),
    );
  });
  const opened: Session = {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: async (feeds, outputs = session.outputNames, levels) => {
      const results: SessionTensors = await queue.run(() =>
        asInputError('run', () =>
          session.run(
            Object.fromEntries(
              Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]),
            ),
            outputs,
          ),
        ),
      );
      return levels ? leveled(results, levels) : results;
    },
    release: () => queue.run(() => session.release()),
  };
  return eachRow ? rowByRow(opened) : opened;
};
