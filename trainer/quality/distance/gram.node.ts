/** @file Sums of features computed by ONNX Runtime in its own thread. */
import { productModels } from '../../../inference/numeric/gemm-f64-graphs.js';
import { openSession } from '../../../inference/runtime/runtime.node.js';
import type { Session } from '../../../inference/runtime/session.js';
import type { Features } from './features.js';
import { blockSums, gaussianOf, mergedSums, type FeatureSums, type Gaussian, type Gram } from './feature-sums.js';

/** Samples per block of sums. */
export const BLOCK = 2048;

/** XᵀX in double precision, beside the event loop. */
export class GramSession {
  private constructor(readonly session: Session) {}

  static async open(): Promise<GramSession> {
    return new GramSession(await openSession(productModels().gram, { spinning: 'never' }));
  }

  readonly gram: Gram = async ({ rows, columns, data }) =>
    (await this.session.run({ x: { type: 'float64', data, dims: [rows, columns] } }))['product']?.data as Float64Array;

  release(): Promise<void> {
    return this.session.release();
  }
}

/** The sums of samples, block by block. */
export async function sumsOf({ size, data }: Features, gram: Gram): Promise<FeatureSums> {
  let sums: FeatureSums | undefined;
  for (let start = 0; start < data.length; start += BLOCK * size)
    sums = mergedSums(sums, await blockSums({ size, data: data.subarray(start, start + BLOCK * size) }, gram));
  return sums ?? { count: 0, sum: new Float64Array(size), scatter: new Float64Array(size ** 2) };
}

/** Mean and covariance of two samples or more, all finite. */
export async function fittedGaussian(features: Features, gram: Gram): Promise<Gaussian> {
  return gaussianOf(await sumsOf(features, gram));
}
