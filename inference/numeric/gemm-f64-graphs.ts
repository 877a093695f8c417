/** @file The graphs of `Products`. */
import { emptyGraph, GraphBuilder, modelBytes, modelOfGraph } from '../../onnx/index.js';

/** Bytes of .onnx files: `x` → XᵀX, and `x`, `b` → XBXᵀ, both called `product`. */
export interface ProductModels {
  gram: Uint8Array;
  congruent: Uint8Array;
}

/** Products of matrices in double precision. */
export function productModels(): ProductModels {
  const bytesOf = (name: string, product: (b: GraphBuilder, x: string, transposed: string) => string) => {
    const b = new GraphBuilder(emptyGraph(name));
    const x = b.input('x', 'float64', ['rows', 'columns']);
    b.output(product(b, x, b.transpose(x, [1, 0])), 'product');
    return modelBytes(modelOfGraph(b.graph));
  };
  return {
    gram: bytesOf('gram', (b, x, transposed) => b.matMul(transposed, x)),
    congruent: bytesOf('congruent', (b, x, transposed) =>
      b.matMul(b.matMul(x, b.input('b', 'float64', ['columns', 'columns'])), transposed),
    ),
  };
}
