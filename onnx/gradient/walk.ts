/** @file Reverse-mode differentiation: walks a graph backwards and appends its gradient in plain ai.onnx nodes. */
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { nodeLabel, outputOf, type Node, type Shape } from '../graph/graph.js';
import { valuesRead } from '../graph/order.js';
import { nearestLayerNote } from './nearest-layer.js';
import type { Backward, GradientRule } from './rules/rule.js';
import { gradientRules } from './table.js';

/** Options of `gradients`. */
export interface GradientOptions {
  /** The gradient that flows into the score, of the score's shape. Default ones. */
  cotangent?: string;
  /** Values to treat as constants although they depend on wanted values, such as weights updated in the same graph. */
  constant?: readonly string[];
  /** Rules that replace the default rules of operators, as in guided backpropagation. */
  rules?: Readonly<Record<string, GradientRule>>;
  /** Whether errors name the nearest layer that can be explained instead; default yes. */
  nearestLayer?: boolean;
}

/**
 * Appends ∂score/∂value for each wanted value. Only nodes on a path between the wanted values and the score are visited.
 * A gradient may be part of another score: the test of each rule checks gradients of gradients too.
 * @param b builder of a graph in our dialect, in topological order
 * @param score value to differentiate; all its elements are summed, so the batch stays separate per picture as long as
 *   the network does not mix it
 * @param wanted names of weights, inputs or intermediate values
 * @returns the name of each gradient, of its value's shape; null where the score does not depend on the value
 * @throws InputError naming operator and node where a node on the path is unknown or not differentiable, and the nearest
 *   layer after it that is not cut off from the score
 */
export function gradients(
  b: GraphBuilder,
  score: string,
  wanted: readonly string[],
  { cotangent, constant = [], rules = {}, nearestLayer = true }: GradientOptions = {},
): Map<string, string | null> {
  const nodes = [...b.graph.nodes];
  const dependent = valuesDependingOn(nodes, wanted, new Set(constant));
  const seeds: [string, string][] = dependent.has(score) ? [[score, cotangent ?? onesLike(b, score)]] : [];
  const walk = { b, rules, ...(!nearestLayer && { inner: true as const }) };
  const total = totalGradients(walk, nodes, seeds, dependent);
  return new Map(wanted.map((value) => [value, total(value)]));
}

/** What is the same for all nodes of a walk, and for walks inside of it. */
interface Walk {
  b: GraphBuilder;
  rules: Readonly<Record<string, GradientRule>>;
  /** Set where errors name no layer, as inside of a node that is differentiated through others: the walk around it does. */
  inner?: true;
}

/**
 * Walks nodes backwards.
 * @param seeds values whose gradients are known, with these
 * @param dependent the values that gradients are wanted of, and all between them and the seeds
 * @returns the gradient of a value, or null where no seed depends on it
 */
function totalGradients(
  walk: Walk,
  nodes: readonly Node[],
  seeds: readonly (readonly [string, string])[],
  dependent: ReadonlySet<string>,
): (value: string) => string | null {
  const { b } = walk;
  const contributions = new Map<string, string[]>();
  const contribute = (value: string, gradient: string) =>
    contributions.set(value, [...(contributions.get(value) ?? []), gradient]);
  const total = (value: string): string | null => {
    const parts = contributions.get(value) ?? [];
    if (parts.length > 1) {
      const sum =
        parts.length === 2
          ? b.add(parts[0] as string, parts[1] as string, `${value}_grad`)
          : b.op('Sum', parts, {}, `${value}_grad`);
      contributions.set(value, [sum]);
      return sum;
    }
    return parts[0] ?? null;
  };
  for (const [value, gradient] of seeds) contribute(value, gradient);
  const passed: Node[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => contributions.has(name) && dependent.has(name))) continue;
    if (!valuesRead(node).some((name) => dependent.has(name))) continue;
    const dy = node.outputs.map((name) => (name ? total(name) : null));
    const x = inputsWithCaptured(node);
    const parts = orNearestLayer(walk, node, passed, () => backward(walk, node, x, dy, dependent));
    passed.push(node);
    parts.forEach((gradient, index) => {
      const value = x[index];
      if (gradient === null || !value || !dependent.has(value)) return;
      const shape = b.types.knownShape(value, node);
      contribute(
        value,
        b.within(`${value}_grad`, () => summedTo(b, gradient, shape)),
      );
    });
  }
  return total;
}

/** The inputs of a node, then the outer values that its subgraphs read. */
function inputsWithCaptured(node: Node): readonly string[] {
  const captured = valuesRead(node).filter((name) => name !== '' && !node.inputs.includes(name));
  return captured.length > 0 ? [...node.inputs, ...new Set(captured)] : node.inputs;
}

/** What `differentiate` returns; its error names the node and says which layer to explain instead. */
function orNearestLayer<T>({ b, inner }: Walk, node: Node, passed: readonly Node[], differentiate: () => T): T {
  try {
    return differentiate();
  } catch (error) {
    if (inner || !(error instanceof InputError)) throw error;
    const label = nodeLabel(node);
    const message = error.message.includes(label) ? error.message : `${label}: ${error.message}`;
    throw new InputError(`${message}${nearestLayerNote(node, passed.toReversed(), b.types)}`, { cause: error });
  }
}

function backward(walk: Walk, node: Node, x: readonly string[], dy: (string | null)[], dependent: ReadonlySet<string>) {
  const { b, rules } = walk;
  const known: Readonly<Record<string, GradientRule | undefined>> = { ...gradientRules, ...rules };
  const rule = node.domain === '' ? known[node.op] : undefined;
  if (!rule) {
    throw new InputError(
      `${nodeLabel(node)}: no gradient is known for operator ${node.domain || 'ai.onnx'}.${node.op}`,
    );
  }
  const call: Backward = {
    node,
    b,
    x: [x[0] ?? '', ...x.slice(1)],
    y: [outputOf(node), ...node.outputs.slice(1)],
    dy,
    g: dy[0] ?? '',
    wanted: (index) => dependent.has(x[index] ?? ''),
    shape: (value) => b.types.knownShape(value, node),
    through: (from, outputs, towards) => {
      const made = b.graph.nodes.slice(from);
      const own = new Set(x.filter((name, index) => dependent.has(name) && (towards?.includes(index) ?? true)));
      const inner = valuesDependingOn(made, [...own], new Set());
      const seeds = outputs.flatMap((name, index) =>
        dy[index] && inner.has(name) ? [[name, dy[index]] as const] : [],
      );
      const total = totalGradients({ ...walk, inner: true }, made, seeds, inner);
      return x.map((name, index) => (own.has(name) && x.indexOf(name) === index ? total(name) : null));
    },
  };
  return b.within(`${outputOf(node)}_grad`, () => rule(call));
}

/** All values that depend on the wanted values, if the constant ones do not change. */
function valuesDependingOn(
  nodes: readonly Node[],
  wanted: readonly string[],
  constant: ReadonlySet<string>,
): Set<string> {
  const dependent = new Set(wanted);
  for (const node of nodes) {
    if (valuesRead(node).some((name) => dependent.has(name))) {
      for (const output of node.outputs) if (output && !constant.has(output)) dependent.add(output);
    }
  }
  return dependent;
}

function onesLike(b: GraphBuilder, value: string): string {
  const one = b.scalarLike(value, 1);
  return b.types.shape(value)?.length === 0 ? one : b.op('Expand', [one, b.op('Shape', [value])], {}, `${value}_ones`);
}

/** Sums a gradient over the axes along which its value was broadcast. */
function summedTo(b: GraphBuilder, gradient: string, shape: Shape): string {
  const from = b.types.shape(gradient);
  if (!from) return gradient;
  const added = from.length - shape.length;
  const axes = from.flatMap((dim, axis) => (axis < added || (shape[axis - added] === 1 && dim !== 1) ? [axis] : []));
  if (axes.length === 0) return gradient;
  const leading = axes.filter((axis) => axis < added);
  const inner = axes.filter((axis) => axis >= added);
  const summed = leading.length > 0 ? b.reduceSum(gradient, leading, false) : gradient;
  return inner.length > 0
    ? b.reduceSum(
        summed,
        inner.map((axis) => axis - added),
        true,
      )
    : summed;
}
