/** @file The nodes that make scores of positions: behind what only moves, rescales and adds them up. */
import type { Node } from '../../onnx/graph/graph.js';
import type { Types } from '../../onnx/shapes/types.js';
import { readParts, union, type Part } from '../../inference/graphs/read-parts.js';

/** Operators that only move, rescale or add up scores of positions, or bring them into a range. */
const moving = new Set(
  'Identity Resize Upsample Transpose Reshape Slice Gather Concat Split Squeeze Unsqueeze Cast Add Sum Mul Div Sub Sigmoid Softmax Dropout Pad Clip Flatten Relu Tanh Softplus Exp HardSigmoid'.split(
    ' ',
  ),
);
const scoring = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm']);

/** The nodes whose outputs are scores of positions but for moving, rescaling and adding up. */
export function scoreNodes(nodes: readonly Node[], logits: string, types: Types): Node[] {
  const wanted = new Map<string, Part>([[logits, 'all']]);
  return nodes.toReversed().filter((node) => {
    const output = node.outputs.find((name) => wanted.has(name));
    if (output === undefined) return false;
    if (moving.has(node.op)) {
      for (const [name, part] of readParts(node, output, wanted.get(output) ?? 'all', types)) {
        const known = wanted.get(name);
        wanted.set(name, known === undefined ? part : union(known, part));
      }
    }
    return scoring.has(node.op);
  });
}
