/** @file The nodes that make scores of positions: behind what only moves, rescales and adds them up. */
import { numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import type { Node } from '../../onnx/graph/graph.js';
import type { Types } from '../../onnx/shapes/types.js';

/** Operators that only move, rescale or add up scores of positions, or bring them into a range. */
const moving = new Set(
  'Identity Resize Upsample Transpose Reshape Slice Concat Split Squeeze Unsqueeze Cast Add Sum Mul Div Sub Sigmoid Softmax Dropout Pad Clip Flatten Relu Tanh Softplus Exp HardSigmoid'.split(
    ' ',
  ),
);
const scoring = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm']);

/** Which channels of a value are read: all, or some of axis 1. */
type Channels = 'all' | { from: number; to: number };

/** The nodes whose outputs are scores of positions but for moving, rescaling and adding up. */
export function scoreNodes(nodes: readonly Node[], logits: string, types: Types): Node[] {
  const wanted = new Map<string, Channels>([[logits, 'all']]);
  return nodes.toReversed().filter((node) => {
    const output = node.outputs.find((name) => wanted.has(name));
    if (output === undefined) return false;
    if (moving.has(node.op)) {
      for (const [name, channels] of readOf(node, output, wanted.get(output) ?? 'all', types)) {
        const known = wanted.get(name);
        wanted.set(name, known === undefined ? channels : union(known, channels));
      }
    }
    return scoring.has(node.op);
  });
}

function union(a: Channels, b: Channels): Channels {
  return a === 'all' || b === 'all' ? 'all' : { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

/** The inputs that some channels of an output are made of, and which channels of these. */
function readOf(node: Node, output: string, channels: Channels, types: Types): [string, Channels][] {
  const all = node.inputs.map((name): [string, Channels] => [name, 'all']);
  const sizes = (names: readonly string[]) => names.map((name) => types.shape(name)?.[1]);
  const rank = types.shape(output)?.length ?? 0;
  const axis = positiveAxis(numberAttribute(node, 'axis', 0), rank);
  if (node.op === 'Split' && axis === 1 && channels === 'all') {
    const before = sizes(node.outputs.slice(0, node.outputs.indexOf(output)));
    const [own] = sizes([output]);
    if (typeof own !== 'number' || !before.every((size) => typeof size === 'number')) return all;
    const from = before.reduce((sum: number, size) => sum + Number(size), 0);
    return [[node.inputs[0] ?? '', { from, to: from + own }]];
  }
  if (channels === 'all') return all;
  if (node.op === 'Concat' && axis === 1) return ofJoined(node.inputs, sizes(node.inputs), channels) ?? all;
  const keeps = all.map(([name]) => name).filter((name) => sizes([name])[0] === sizes([output])[0]);
  const isMoved = node.op === 'Transpose' || (node.op === 'Concat' && axis < 1);
  return isMoved ? all : all.map(([name]) => [name, keeps.includes(name) ? channels : 'all']);
}

/** The parts of a Concat along axis 1 that a range of channels covers; undefined where their sizes are not known. */
function ofJoined(
  inputs: readonly string[],
  sizes: readonly unknown[],
  { from, to }: { from: number; to: number },
): [string, Channels][] | undefined {
  if (!sizes.every((size) => typeof size === 'number')) return undefined;
  let start = 0;
  return inputs.flatMap((name, at): [string, Channels][] => {
    const size = Number(sizes[at]);
    const [low, high] = [Math.max(0, from - start), Math.min(size, to - start)];
    start += size;
    return low < high ? [[name, { from: low, to: high }]] : [];
  });
}
