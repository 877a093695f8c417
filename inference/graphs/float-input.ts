/** @file Networks whose picture input holds integers, doubles or half floats, or lacks a batch, as networks of float32 batches. */
import { numberAttribute } from '../../onnx/graph/attributes.js';
import { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import type { DataType, Graph, Model, Node, ValueInfo } from '../../onnx/graph/graph.js';

/** Operators that may stand between a picture of integers and its conversion to floats. */
const passing = new Set([
  'Identity',
  'Transpose',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Gather',
  'Split',
  'Concat',
  'Shape',
]);

/** Element types of pictures of whole numbers. */
const integers: ReadonlySet<DataType> = new Set(['uint8', 'int8', 'uint16', 'int16', 'int32', 'uint32', 'int64']);

/** What the numbers of an integer picture run from and to. */
export function integerRange(type: DataType): readonly [number, number] | undefined {
  if (type === 'int8') return [-128, 127];
  return integers.has(type) ? [0, 255] : undefined;
}

/**
 * A model that takes integers or doubles in an input as one that takes the same numbers as float32, so that it has a
 * gradient; others as they are.
 * @throws InputError if integers go elsewhere than into a Cast or DequantizeLinear
 */
export function floatInputModel(model: Model, name = model.graph.inputs[0]?.name): Model {
  const input = model.graph.inputs.find((each) => each.name === name);
  const type = input?.value?.type;
  if (!input?.value || !type || (!integers.has(type) && type !== 'float64')) return model;
  const converted = new Set([input.name]);
  const made = new Set<Node>();
  for (const node of model.graph.nodes) {
    if (!node.inputs.some((each) => converted.has(each)) || node.op === 'Cast') continue;
    if (node.op === 'DequantizeLinear' && node.domain === '') {
      made.add(node);
      continue;
    }
    if (!passing.has(node.op) || node.domain !== '') {
      throw new InputError({
        name: 'model',
        expected: `numbers of ${type} that are cast to floats first; "${input.name}" goes into ${node.op}`,
      });
    }
    if (node.op !== 'Shape') for (const output of node.outputs) converted.add(output);
  }
  const inputs = model.graph.inputs.map((each) =>
    each === input ? ({ name: input.name, value: { ...input.value, type: 'float32' } } as ValueInfo) : each,
  );
  const graph = { ...model.graph, inputs, valueInfo: new Map() };
  return { ...model, graph: made.size === 0 ? graph : dequantized(graph, made) };
}

/** Each of the nodes as (x − zero point) · scale in floats. */
function dequantized(graph: Graph, nodes: ReadonlySet<Node>): Graph {
  const b = new GraphBuilder({ ...graph, nodes: [], outputs: graph.outputs });
  b.reserve(graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]));
  for (const node of graph.nodes) {
    const [x = '', scale = '', zero] = node.inputs;
    const [output = ''] = node.outputs;
    if (!nodes.has(node)) {
      b.append(node);
      continue;
    }
    b.within(output, () => {
      const rank = b.types.shape(x)?.length ?? 0;
      const axis = (numberAttribute(node, 'axis', 1) + rank) % (rank || 1);
      const channels = [-1, ...Array.from({ length: rank - axis - 1 }, () => 1)];
      const perChannel = (b.types.shape(scale)?.length ?? 0) === 1;
      const along = (value: string) => (perChannel ? b.reshape(value, channels) : value);
      const shifted = zero ? b.sub(x, along(b.op('Cast', [zero], { to: 1 }))) : x;
      b.append({ ...node, op: 'Mul', inputs: [shifted, along(scale)], attributes: {}, outputs: [output] });
    });
  }
  return b.graph;
}

/**
 * A model whose input is one picture [H, W, C] or [C, H, W] as one that takes a batch of one; others as they are.
 */
export function batchedModel(model: Model, name = model.graph.inputs[0]?.name): Model {
  const input = model.graph.inputs.find((each) => each.name === name);
  const shape = input?.value?.shape;
  if (!input?.value || shape?.length !== 3) return model;
  const batched = { name: input.name, value: { ...input.value, shape: [1, ...shape] } };
  const inputs = model.graph.inputs.map((each) => (each === input ? batched : each));
  const b = new GraphBuilder({ ...model.graph, inputs, nodes: [], valueInfo: new Map() });
  b.reserve(model.graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  const single = b.op('Squeeze', [input.name, b.ints([0])], {}, `${input.name}/picture`);
  for (const node of model.graph.nodes)
    b.append({ ...node, inputs: node.inputs.map((each) => (each === input.name ? single : each)) });
  return { ...model, graph: b.graph };
}
