/** @file What a generator's numbers mean, as its last nodes tell. */
import { elementCount, type Graph, type Node } from '../../onnx/graph/graph.js';
import { producersOf } from '../../onnx/graph/neighbours.js';
import { numbersOf } from '../../onnx/graph/tensor.js';
import { Types } from '../../onnx/shapes/types.js';
import type { Normalization } from '../pictures/pictures.js';

/** The numbers of black and white, and the node that shows them. */
export interface ShownRange {
  black: number;
  white: number;
  node: Node;
}

const passing = new Set(['Identity', 'Transpose', 'Cast', 'Reshape', 'Resize', 'Pad', 'Slice', 'Squeeze', 'Unsqueeze']);
const bounded: Readonly<Record<string, readonly [number, number]>> = {
  Sigmoid: [0, 1],
  HardSigmoid: [0, 1],
  Tanh: [-1, 1],
};

/** Walks back from a picture output through what moves and rescales numbers, to an activation with bounds. */
export function shownRange(graph: Graph, output: string): ShownRange | undefined {
  const producers = producersOf(graph);
  const types = Types.of({ ...graph, nodes: graph.nodes.filter(({ op }) => op === 'Constant') });
  const constant = (name: string | undefined) => {
    const tensor = types.constant(name ?? '');
    const numbers = tensor && elementCount(tensor.dims) <= 4 ? numbersOf(tensor) : undefined;
    return numbers?.every((value) => value === numbers[0]) ? numbers[0] : undefined;
  };
  let [scale, offset] = [1, 0];
  for (let value = output; ;) {
    const node = producers.get(value);
    if (!node || node.domain !== '') return undefined;
    const [a = '', b = ''] = node.inputs;
    const bounds = bounded[node.op] ?? clipBounds(node, constant);
    if (bounds) return { black: scale * bounds[0] + offset, white: scale * bounds[1] + offset, node };
    const [first, second] = [constant(a), constant(b)];
    if (passing.has(node.op)) value = a;
    else if (node.op === 'Mul' && (first ?? second) !== undefined) {
      scale *= (first ?? second) as number;
      value = first === undefined ? a : b;
    } else if (node.op === 'Div' && second !== undefined) {
      scale /= second;
      value = a;
    } else if (node.op === 'Add' && (first ?? second) !== undefined) {
      offset += scale * ((first ?? second) as number);
      value = first === undefined ? a : b;
    } else if (node.op === 'Sub' && second !== undefined) {
      offset -= scale * second;
      value = a;
    } else return undefined;
  }
}

function clipBounds(node: Node, constant: (name: string | undefined) => number | undefined) {
  if (node.op !== 'Clip') return undefined;
  const attribute = (name: string) => {
    const found = node.attributes[name];
    return found?.kind === 'float' ? found.value : undefined;
  };
  const [least, most] = [constant(node.inputs[1]) ?? attribute('min'), constant(node.inputs[2]) ?? attribute('max')];
  return least !== undefined && most !== undefined && most > least ? ([least, most] as const) : undefined;
}

/** The normalisation of pictures whose black and white are these numbers. */
export function normalizationOfRange(black: number, white: number, channels: number): Normalization {
  const std = 1 / (white - black);
  const each = <T>(value: T) => Array.from({ length: channels }, () => value);
  // x = (p/255 − mean)/std runs from black to white.
  return { mean: each(black === 0 ? 0 : -black * std), std: each(std) };
}

/** Whether pictures stand as [N, H, W, C], as their sizes tell: channels are 1 or 3. */
export function isChannelsLast(dims: readonly unknown[]): boolean {
  return dims.length === 4 && dims[1] !== 1 && dims[1] !== 3 && (dims[3] === 1 || dims[3] === 3);
}
