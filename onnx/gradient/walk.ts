/** @file Reverse-mode differentiation: walks a graph backwards and appends its gradient in plain ai.onnx nodes. */
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { attributeOf } from '../graph/attributes.js';
import { nodeLabel, outputOf, type Graph, type Node, type Shape } from '../graph/graph.js';
import { valuesRead } from '../graph/order.js';
import { nearestLayerNote } from './nearest-layer.js';
import { opOfType } from './rules/common.js';
import { zeroGradient, type Backward, type GradientRule } from './rules/rule.js';
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
 * @throws InputError where the graph has no value of a name that is given; naming operator and node where a node on the path is
 *   unknown or not differentiable, and the nearest layer after it that is not cut off from the score
 */
export function gradients(
  b: GraphBuilder,
  score: string,
  wanted: readonly string[],
  { cotangent, constant = [], rules = {}, nearestLayer = true }: GradientOptions = {},
): Map<string, string | null> {
  const nodes = [...b.graph.nodes];
  expectValues(b.graph, { score: [score], wanted, constant, cotangent: cotangent === undefined ? [] : [cotangent] });
  const dependent = valuesDependingOn(nodes, wanted, rules, new Set(constant));
  const seeds: [string, string][] = dependent.has(score) ? [[score, cotangent ?? onesLike(b, score)]] : [];
  const walk = { b, rules, ...(!nearestLayer && { inner: true as const }) };
  const total = totalGradients(walk, nodes, seeds, dependent);
  return new Map(wanted.map((value) => [value, total(value)]));
}

/** @throws InputError naming the parameter where the graph has no value of a name */
function expectValues({ inputs, initializers, nodes }: Graph, given: Record<string, readonly string[]>): void {
  const known = new Set([
    ...inputs.map(({ name }) => name),
    ...initializers.keys(),
    ...nodes.flatMap((node) => node.outputs),
  ]);
  for (const [name, values] of Object.entries(given)) {
    const unknown = values.find((value) => !known.has(value));
    if (unknown !== undefined)
      throw new InputError({ name, expected: 'the name of a value of the graph', got: `"${unknown}"` });
  }
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
      contribute(
        value,
        b.within(`${value}_grad`, () => summedTo(b, gradient, value, node)),
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

/** The rule of a node's operator: one of `rules`, or the default one. */
function ruleOf({ domain, op }: Node, rules: Walk['rules']): GradientRule | undefined {
  if (domain !== '') return undefined;
  const table: Walk['rules'] = Object.hasOwn(rules, op) ? rules : gradientRules;
  return Object.hasOwn(table, op) ? table[op] : undefined;
}

function backward(walk: Walk, node: Node, x: readonly string[], dy: (string | null)[], dependent: ReadonlySet<string>) {
  const { b, rules } = walk;
  const rule = ruleOf(node, rules);
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
      const inner = valuesDependingOn(made, [...own], rules);
      const seeds = outputs.flatMap((name, index) =>
        dy[index] && inner.has(name) ? [[name, dy[index]] as const] : [],
      );
      const total = totalGradients({ ...walk, inner: true }, made, seeds, inner);
      return x.map((name, index) => (own.has(name) && x.indexOf(name) === index ? total(name) : null));
    },
  };
  return b.within(`${outputOf(node)}_grad`, () => rule(call));
}

/**
 * All values that change with the wanted values, if the constant ones do not: sizes, comparisons and others of zero gradient
 * count as constant too.
 */
function valuesDependingOn(
  nodes: readonly Node[],
  wanted: readonly string[],
  rules: Walk['rules'],
  constant: ReadonlySet<string> = new Set(),
): Set<string> {
  const dependent = new Set(wanted);
  for (const node of nodes) {
    if (ruleOf(node, rules) !== zeroGradient && valuesRead(node).some((name) => dependent.has(name))) {
      for (const output of node.outputs) if (output && !constant.has(output)) dependent.add(output);
    }
  }
  return dependent;
}

function onesLike(b: GraphBuilder, value: string): string {
  const one = b.scalarLike(value, 1);
  return b.types.shape(value)?.length === 0 ? one : b.op('Expand', [one, b.op('Shape', [value])], {}, `${value}_ones`);
}

/** Sums a gradient over the axes along which its value, an input of the node, was broadcast. */
function summedTo(b: GraphBuilder, gradient: string, value: string, node: Node): string {
  const shape = b.types.knownShape(value, node);
  const from = b.types.shape(gradient);
  if (!from || !isToldApart(from, shape)) return summedAtRunTime(b, gradient, value);
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

/** Whether the sizes tell the axes of a broadcast: not where one is open and another one stands beside it. */
function isToldApart(from: Shape, shape: Shape): boolean {
  const own = from.slice(from.length - shape.length);
  return shape.every((size, axis) => typeof size === 'number' || size === own[axis]);
}

/** The same sum, along the axes whose sizes differ when the graph runs. */
function summedAtRunTime(b: GraphBuilder, gradient: string, value: string): string {
  const [sizes, own] = [b.op('Shape', [gradient]), b.op('Shape', [value])];
  const added = b.sub(b.op('Shape', [sizes]), b.op('Shape', [own]));
  const aligned = b.op('Concat', [b.op('Expand', [b.scalar(1, 'int64'), added]), own], { axis: 0 });
  const differ = b.op('NonZero', [b.op('Not', [b.op('Equal', [sizes, aligned])])]);
  const axes = b.reshape(differ, [-1], 'broadcast_axes');
  const attributes = { noop_with_empty_axes: attributeOf(1) };
  const rank = b.types.shape(gradient)?.length;
  if (rank === undefined)
    return b.op('Reshape', [b.op('ReduceSum', [gradient, axes], { noop_with_empty_axes: 1 }), own]);
  const shape = b.shape(value);
  const kept = [...Array.from({ length: rank - shape.length }, () => 1), ...shape];
  const summed = opOfType(b, 'ReduceSum', [gradient, axes], { ...b.type(gradient), shape: kept }, attributes);
  return rank === shape.length ? summed : b.op('Reshape', [summed, own]);
}
