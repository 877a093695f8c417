/** @file The tfjs backends a user may have installed. */
import { tf } from '../../../exporter/tf.js';
import { InputError } from '../../../onnx/index.js';

/** tfjs on libtensorflow, on WebGPU, or in plain JavaScript. */
export type TfjsBackend = 'tensorflow' | 'webgpu' | 'cpu';

/**
 * Loads a tfjs backend and makes it the current one.
 * @throws InputError saying what to install if its package is missing or does not load
 */
export async function loadTfjsBackend(backend: TfjsBackend): Promise<void> {
  if (backend === 'tensorflow') await loadTensorflow();
  if (backend === 'webgpu') await loadWebgpu();
  if (!(await tf.setBackend(backend))) throw new InputError(`backend: ${backend} was loaded but does not work here`);
  await tf.ready();
}

/** tfjs-node-gpu, else tfjs-node. Both use `util.isNullOrUndefined`, which Node 23 removed. */
async function loadTensorflow(): Promise<void> {
  const { default: util } = await import('node:util');
  const missing = util as { isNullOrUndefined?: (value: unknown) => boolean };
  missing.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const failures: string[] = [];
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      await import(name);
      return;
    } catch (error) {
      failures.push(reasonOf(error));
    }
  }
  throw new InputError(
    'backend: tensorflow needs a package of its own: npm install @tensorflow/tfjs-node, or @tensorflow/tfjs-node-gpu for CUDA 11 ' +
      `(inside the repository of ganscope: npm install --save-dev …) (${failures.join('; ')})`,
  );
}

/** tfjs's WebGPU backend on Dawn, which the `webgpu` package brings to Node. */
async function loadWebgpu(): Promise<void> {
  try {
    const dawn = (await import('webgpu' as string)) as { create(options: string[]): GPU; globals: object };
    Object.assign(globalThis, dawn.globals);
    Object.defineProperty(globalThis.navigator ?? (globalThis.navigator = {} as Navigator), 'gpu', {
      value: dawn.create([]),
      configurable: true,
    });
    await import('@tensorflow/tfjs-backend-webgpu' as string);
  } catch (error) {
    throw new InputError(
      `backend: webgpu needs packages of its own: npm install webgpu @tensorflow/tfjs-backend-webgpu (${reasonOf(error)})`,
    );
  }
}

const reasonOf = (error: unknown): string => ((error as Error).message.split('\n')[0] as string).slice(0, 160);
