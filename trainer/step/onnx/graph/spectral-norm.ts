/** @file Spectral normalisation (Miyato et al. 2018, "Spectral Normalization for GANs") as ONNX nodes. */
import type { WeightRequest } from '../../../../exporter/layers/table.js';
import { onnxDims } from '../../../../exporter/layers/weights.js';
import { elementCount } from '../../../../onnx/graph/graph.js';
import type { GraphBuilder } from '../../../../onnx/index.js';
import { isNormalized, leftVector, rightVector } from '../../state/spectral.js';
import type { Weights } from './weights.js';

/** Avoids division by zero, as in PyTorch. */
const EPSILON = 1e-12;

/**
 * The weights of one training pass: kernels as W / σ(W), everything else as it is. Every pass takes one step of the power
 * iteration (algorithm 1), as `torch.nn.utils.spectral_norm` does: v ← Wᵀu / |Wᵀu|, u ← Wv / |Wv|, σ = uᵀWv, where W has
 * a row for each output. Gradients flow through W in σ but not through u and v; `vectors` lists those.
 */
export function spectralWeights(
  b: GraphBuilder,
  weights: Weights,
): { value: (request: WeightRequest) => string; vectors: string[] } {
  const vectors: string[] = [];
  const value = (request: WeightRequest): string => {
    const kernel = weights.value(request);
    if (!isNormalized(request.name)) return kernel;
    const [left, right] = [leftVector(request), rightVector(request)];
    const outputs = elementCount(left.shape);
    const matrix = rowPerOutput(b, kernel, outputs);
    const u = b.reshape(weights.tensor('spectral', left), [1, outputs], 'row_u');
    weights.tensor('spectral', right);
    const nextV = unit(b, b.matMul(u, matrix), 'v');
    const nextU = unit(b, b.op('MatMul', [nextV, b.transpose(matrix, [1, 0])]), 'u');
    vectors.push(nextU, nextV);
    const product = b.mul(b.matMul(nextU, matrix), nextV);
    const sigma = b.op('ReduceSum', [product], { keepdims: 0 }, 'sigma');
    weights.replace(left.name, b.reshape(nextU, left.shape), 'spectral');
    weights.replace(right.name, b.reshape(nextV, onnxDims(right.shape, right.layout)), 'spectral');
    return b.div(kernel, sigma, 'normalized_kernel');
  };
  return { value, vectors };
}

/** A convolution's kernel [O, I, h, w] or a dense layer's [I, O] as [O, …]. */
function rowPerOutput(b: GraphBuilder, kernel: string, outputs: number): string {
  const shape = b.shape(kernel) as number[];
  return shape.length === 2 ? b.transpose(kernel, [1, 0]) : b.reshape(kernel, [outputs, elementCount(shape) / outputs]);
}

/** x / max(|x|, ε). */
function unit(b: GraphBuilder, x: string, name: string): string {
  const norm = b.op('ReduceL2', [x], { keepdims: 0 });
  return b.div(x, b.op('Max', [norm, b.scalar(EPSILON)]), name);
}
