/** @file Finds the node that makes a gradient or a score infinite or NaN, from the finiteness of every value on the way. */
import type { GraphBuilder } from '../../onnx/build/build.js';
import { nearestLayer } from '../../onnx/gradient/nearest-layer.js';
import { gradients } from '../../onnx/gradient/walk.js';
import { outputOf, type Model, type Node } from '../../onnx/graph/graph.js';
import { producersOf } from '../../onnx/graph/neighbours.js';
import { prunedGraph, valuesRead } from '../../onnx/graph/order.js';

/** A node of the network with finite inputs that gives, or whose derivative is, something that is not finite. */
export interface NonFinite {
  op: string;
  /** The node's name, or its output's where it has none. */
  name: string;
  /** Whether its output is finite and its derivative is not. */
  isDerivative: boolean;
  /** The nearest layer after it that has positions, where there is one. */
  nearest?: string;
}

/** A model from picture and target weights to one number per value: 0 where all of its elements are finite, else NaN. */
export interface FinitenessModel {
  model: Model;
  /** The name of the output [values]. */
  output: string;
  /** The node to name, by that output; undefined where gradient and logits are finite. */
  culprit(finiteness: Float32Array): NonFinite | undefined;
}

/**
 * @param scored the network with its logits, and the share of each in the score
 * @param from a layer's value, or the picture: where the gradient ends
 */
export function finitenessModel(
  model: Model,
  { b, logits, weights }: { b: GraphBuilder; logits: string; weights: string },
  from: string,
): FinitenessModel {
  const network = [...b.graph.nodes];
  const gradient = gradients(b, logits, [from], { cotangent: weights }).get(from);
  const ends = [logits, ...(gradient ? [gradient] : [])];
  const nodes = prunedGraph(b.graph, ends).nodes;
  const values = nodes.flatMap(({ outputs }) => outputs.filter((name) => isFloat(b, name)));
  const parts = values.map((value) => b.within(`${value}_finite`, () => notFinite(b, value)));
  const output = b.op('Concat', parts, { axis: 0 }, 'finiteness');
  b.output(output);
  return {
    model: { ...model, graph: prunedGraph(b.graph, [output]) },
    output,
    culprit(finiteness) {
      const broken = new Set(values.filter((_, index) => finiteness[index] !== 0));
      const found = firstBroken(nodes, broken, ends);
      return found && named(b, network, found);
    },
  };
}

function isFloat(b: GraphBuilder, value: string): boolean {
  return ['float32', 'float64', 'float16'].includes(b.types.get(value)?.type ?? '');
}

/** Σ 0·x, [1]: infinities and NaN give NaN. */
function notFinite(b: GraphBuilder, value: string): string {
  const flat = b.op('Reshape', [b.op('Cast', [value], { to: 1 }), b.ints([-1])]);
  return b.reduceSum(b.mul(flat, b.scalar(0)), [0]);
}

/** The node with finite inputs where the chain of values that are not finite begins, from the first of the ends that is not. */
function firstBroken(nodes: readonly Node[], broken: ReadonlySet<string>, ends: readonly string[]): Node | undefined {
  const producers = producersOf({ nodes });
  let value = ends.find((end) => broken.has(end));
  let found: Node | undefined;
  while (value !== undefined) {
    found = producers.get(value);
    value = found && valuesRead(found).find((name) => broken.has(name));
  }
  return found;
}

/** A node of the network itself, or the one that a node of the gradient differentiates: its name starts with `<output>_grad`. */
function named(b: GraphBuilder, network: readonly Node[], found: Node): NonFinite {
  const isDerivative = !network.includes(found);
  const place = outputOf(found);
  const differentiated = network
    .filter(({ outputs }) => outputs.some((name) => name && place.startsWith(`${name}_grad`)))
    .toSorted((one, other) => outputOf(other).length - outputOf(one).length)[0];
  const node = (isDerivative && differentiated) || found;
  const nearest = nearestLayer(node, network.slice(network.indexOf(node) + 1), b.types);
  const layer = nearest && (nearest.name || outputOf(nearest));
  return { op: node.op, name: node.name || outputOf(node), isDerivative, ...(layer && { nearest: layer }) };
}
