/** @file Small generators for tests: a fixed random matrix, tanh, and a reshape to pictures. */
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import type { Dim, Model } from '../../onnx/graph/graph.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { Random } from '../numeric/random.js';

/** Options of a test generator; by default 16 numbers per latent, 8×8 RGB pictures, a free batch. */
export interface ToyOptions {
  latentDim?: number;
  channels?: number;
  size?: number;
  batch?: Dim;
  /** Latents as [N, Z, 1, 1]. */
  maps?: boolean;
  metadata?: ReadonlyMap<string, string>;
  /** Classes of a conditional one: an input `label` of their numbers. */
  classes?: number;
}

export function toyGenerator(options: ToyOptions = {}): Model {
  const { latentDim = 16, channels = 3, size = 8, batch = 'batch', maps = false, metadata } = options;
  const random = new Random(1);
  const outputs = channels * size * size;
  const weights = Float32Array.from({ length: latentDim * outputs }, () => 0.3 * random.normal());
  const b = new GraphBuilder();
  const latent = b.input('latent', 'float32', maps ? [batch, latentDim, 1, 1] : [batch, latentDim]);
  const rows = maps ? b.reshape(latent, [batch, latentDim]) : latent;
  const product = b.matMul(rows, b.initializer('w', float32Tensor(weights, [latentDim, outputs])));
  const { classes = 0 } = options;
  const values = b.op('Tanh', [classes > 0 ? b.add(product, labelRow(b, batch, classes)) : product]);
  b.output(b.reshape(values, [batch, channels, size, size]), 'image');
  return modelOfGraph(b.graph, metadata);
}

/** A number for each class, [batch, 1]. */
function labelRow(b: GraphBuilder, batch: Dim, classes: number): string {
  const table = Float32Array.from({ length: classes }, (_, number) => number / classes - 0.5);
  const label = b.input('label', 'int64', [batch]);
  return b.op('Gather', [b.initializer('table', float32Tensor(table, [classes, 1])), label], { axis: 0 });
}
