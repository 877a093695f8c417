/** @file Contrastive learning as classification: which of the other examples of a batch is another view of the same picture? */
import { float32Tensor, type GraphBuilder } from '../../onnx/index.js';

/** τ in the loss. */
const TEMPERATURE = 0.2;
/** Instead of an example's similarity to itself, which is no answer. */
const NEVER = -1e9;

/**
 * Logits of NT-Xent (Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations", eq. 1): the cosines of
 * embeddings [N, D] over τ, [N, N]. Their cross-entropy at each picture's other view is the loss.
 */
export function similarities(b: GraphBuilder, embeddings: string, count: number): string {
  const squares = b.reduceSum(b.mul(embeddings, embeddings), [1]);
  const directions = b.div(embeddings, b.op('Sqrt', [b.add(squares, b.scalar(1e-12))]), 'directions');
  const products = b.matMul(directions, b.transpose(directions, [1, 0]), 'cosines');
  const own = Float32Array.from({ length: count ** 2 }, (_, at) => (at % (count + 1) === 0 ? NEVER : 0));
  const others = b.initializer('own', float32Tensor(own, [count, count]));
  return b.add(b.div(products, b.scalar(TEMPERATURE)), others, 'similarities');
}

/** The cosines of embeddings [N, D] to each other, [N, N]; of each to itself −∞. */
export function cosines(embeddings: Float32Array, count: number): Float32Array {
  const size = embeddings.length / count;
  const rows = Array.from({ length: count }, (_, row) => embeddings.subarray(row * size, (row + 1) * size));
  const lengths = rows.map((row) => Math.hypot(...row) || 1);
  return Float32Array.from({ length: count ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / count), at % count];
    if (i === j) return -Infinity;
    const [a, b] = [rows[i] as Float32Array, rows[j] as Float32Array];
    const product = a.reduce((sum, value, place) => sum + value * (b[place] as number), 0);
    return product / ((lengths[i] as number) * (lengths[j] as number));
  });
}
