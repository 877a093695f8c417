/** @file A speed-up: sums of branches stay in the layout that runtimes compute convolutions in. */
import { rebuilding } from '../../build/build.js';
import { inputOf, outputOf, type Graph, type Node } from '../../graph/graph.js';
import { consumersOf } from '../../graph/neighbours.js';
import { float32Tensor } from '../../graph/tensor.js';
import { Types } from '../../shapes/types.js';
import { isPerChannel } from './per-channel.js';

/** Channels of a block, at most, in ONNX Runtime's layout [N, C/16, H, W, 16]. */
const BLOCK = 16;

/** Operators whose result is in blocks where all of their inputs are. */
const keepsBlocks = new Set(['Add', 'HardSigmoid', 'LeakyRelu', 'Mul', 'Relu', 'Sigmoid', 'Sum', 'Tanh']);
/** Operators that put what they read into blocks. */
const makesBlocks = new Set(['AveragePool', 'Conv', 'MaxPool']);

/**
 * The same computation with a Conv of ones, one per channel, after values that a Conv and the sum of a Conv's result both read.
 * ONNX Runtime computes convolutions in blocks of channels, and a sum only if all of its terms come from such nodes. In the
 * backward pass of a residual network one value outside of the blocks makes it leave them in each block of layers.
 */
export function blockedSums(graph: Graph): Graph {
  const types = Types.of(graph);
  const consumers = consumersOf(graph);
  const blocked = new Set<string>();
  const suits = (name: string): boolean => {
    const value = types.get(name);
    const channels = value?.shape?.[1];
    return value?.type === 'float32' && value.shape?.length === 4 && Number(channels) % BLOCK === 0;
  };
  const isSummed = (name: string, sum: Node): boolean =>
    sum.op === 'Add' &&
    sum.inputs.some((other) => other !== name && blocked.has(other)) &&
    sum.inputs.every((other) => String(types.shape(other)) === String(types.shape(name)));
  const isConvolved = (name: string): boolean =>
    (consumers.get(name) ?? []).some(({ op, inputs }) => op === 'Conv' && inputs[0] === name);

  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const passed = new Set<string>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      if (!made.has(name) || !suits(name) || blocked.has(name) || !isConvolved(name) || !isSummed(name, node)) continue;
      passed.add(name);
      blocked.add(name);
    }
    const channels = Number(types.shape(outputOf(node))?.[1]);
    const isBlocked = (name: string) =>
      blocked.has(name) || (node.op === 'Mul' && isPerChannel(types.shape(name), channels));
    const inBlocks =
      makesBlocks.has(node.op) ||
      (node.op === 'BatchNormalization' && blocked.has(inputOf(node))) ||
      (keepsBlocks.has(node.op) && node.inputs.every(isBlocked));
    if (node.domain === '' && inBlocks && suits(outputOf(node))) blocked.add(outputOf(node));
  }
  return passed.size === 0 ? graph : withPassed(graph, passed, types);
}

/** The graph where each node that reads one of the values reads what a Conv with ones makes of it. */
function withPassed(graph: Graph, passed: ReadonlySet<string>, types: Types): Graph {
  const b = rebuilding(graph);
  const names = new Map<string, string>();
  for (const node of graph.nodes) {
    b.append({ ...node, inputs: node.inputs.map((name) => names.get(name) ?? name) });
    for (const name of node.outputs.filter((each) => passed.has(each))) {
      const channels = Number(types.shape(name)?.[1]);
      const weights = b.constant(`ones/${channels}x1x1x1`, () =>
        float32Tensor(new Float32Array(channels).fill(1), [channels, 1, 1, 1]),
      );
      names.set(name, b.op('Conv', [name, weights], { kernel_shape: [1, 1], group: channels }, `${name}/blocked`));
    }
  }
  return b.graph;
}
