/** @file The Fréchet distance between two sets of features, computed in a worker thread. */
import { Thread } from '../../../inference/runtime/thread.node.js';
import { InputError } from '../../../onnx/errors.js';
import type { Gaussian } from './feature-sums.js';
import { checkFinite, type Features } from './features.js';
import type { FrechetRequest, FrechetStart } from './frechet-thread.node.js';
import { fittedGaussian, GramSession } from './gram.node.js';
import { productModels } from '../../../inference/numeric/gemm-f64-graphs.js';

/**
 * |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), the squared Fréchet distance (Dowson & Landau 1982) between the normal
 * distributions that fit two sets of features, in the feature space of Inception known as FID (Heusel et al. 2017, eq. 6).
 * @throws InputError if the two have different numbers of features, fewer than two samples, or numbers that are not finite
 * @throws the signal's reason when it is aborted
 */
export async function frechetDistance(a: Features, b: Features, signal?: AbortSignal): Promise<number> {
  if (a.size !== b.size) throw new InputError({ name: 'features', expected: `${a.size} per picture`, got: b.size });
  for (const { size, data } of [a, b]) {
    const count = data.length / size;
    if (count < 2) throw new InputError({ name: 'features', expected: 'at least two samples', got: count });
    checkFinite(data);
  }
  const products = await GramSession.open();
  try {
    const [first, second] = [await fittedGaussian(a, products.gram), await fittedGaussian(b, products.gram)];
    signal?.throwIfAborted();
    return await frechetBetween(first, second, signal);
  } finally {
    await products.release();
  }
}

/** The same of two normal distributions over as many features. @throws the signal's reason when it is aborted */
export async function frechetBetween(a: Gaussian, b: Gaussian, signal?: AbortSignal): Promise<number> {
  // The thread stops itself: terminating it while ONNX Runtime computes would end the process.
  const stopped = new Int32Array(new SharedArrayBuffer(4));
  const stop = () => void Atomics.store(stopped, 0, 1);
  const thread = await Thread.start(new URL('./frechet-thread.node.js', import.meta.url), {
    data: { models: productModels(), stopped } satisfies FrechetStart,
  });
  signal?.addEventListener('abort', stop);
  try {
    signal?.throwIfAborted();
    return await thread.ask<number>({ a, b } satisfies FrechetRequest);
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await thread.end();
  }
}
