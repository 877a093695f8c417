/** @file What follows a layer value by value: its activation, and what enters pooling. */
import { consumersOf, producersOf } from '../../onnx/graph/neighbours.js';
import { intsAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import type { Node } from '../../onnx/graph/graph.js';
import { numbersOf, quantizedEnds } from '../../onnx/graph/tensor.js';
import { layerOfValue, type LayerContext } from './candidates.js';
import { defaultLayer, type DefaultLayer } from './default-layer.js';
import { isSpatial, type Layer, type TokenGrid } from './layer.js';
import { elementwise } from './places/elementwise.js';

/** Operators that change how values relate to each other; activations that are written out hold at least one. */
const nonlinear = new Set(
  (
    'Relu LeakyRelu PRelu Clip Elu Selu Celu ThresholdedRelu HardSwish HardSigmoid Sigmoid Tanh ' +
    'Softplus Softsign Gelu Erf Mish Max Min'
  ).split(' '),
);
const quantizing = new Set(['QuantizeLinear', 'DequantizeLinear']);
const normalizing = new Set(['BatchNormalization', 'InstanceNormalization', 'LRN']);
const pooling = new Set(['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool', 'AveragePool', 'MaxPool', 'LpPool']);
const reducing = new Set(['ReduceMean', 'ReduceMax', 'ReduceSum']);

/** Most nodes of an activation that is written out. */
const MAX_NODES = 12;

/** The next value that everything after a value is computed from, and the nodes between them. */
interface Step {
  value: string;
  node: Node;
  nodes: readonly Node[];
}

/** Follows values through nodes that compute each position of each channel alone. */
class Followed {
  readonly #readers: ReadonlyMap<string, readonly Node[]>;
  readonly #places: ReadonlyMap<Node, number>;

  constructor(readonly context: LayerContext) {
    this.#readers = consumersOf(context.graph);
    this.#places = new Map(context.graph.nodes.map((node, at) => [node, at]));
  }

  /** The values after one, up to the next layer, pooling or branch. */
  steps(value: string): Step[] {
    const steps: Step[] = [];
    for (let next = this.#next(value); next; next = this.#next(next.value)) steps.push(next);
    return steps;
  }

  #next(value: string): Step | undefined {
    return this.#normalizedGroups(value) ?? this.#nextAlone(value);
  }

  /** A group normalization: groups of channels as rows, normalized each, and back. */
  #normalizedGroups(value: string): Step | undefined {
    const nodes: Node[] = [];
    let next = value;
    for (const op of ['Reshape', 'InstanceNormalization', 'Reshape']) {
      const [node, ...others] = (this.#readers.get(next) ?? []).filter((reader) => reader.op !== 'Shape');
      if (node?.op !== op || node.inputs[0] !== next || others.length > 0) return undefined;
      nodes.push(node);
      next = node.outputs[0] ?? '';
    }
    const node = nodes.at(-1);
    return node && this.#hasShapeOf(next, value) ? { value: next, node, nodes } : undefined;
  }

  #nextAlone(value: string): Step | undefined {
    const readers = (name: string) => this.#readers.get(name) ?? [];
    const live = new Map([[value, readers(value).length]]);
    const nodes: Node[] = [];
    while (nodes.length < MAX_NODES) {
      const [node] = [...live.keys()]
        .flatMap(readers)
        .filter((reader) => !nodes.includes(reader))
        .toSorted((a, b) => (this.#places.get(a) ?? 0) - (this.#places.get(b) ?? 0));
      const output = node?.outputs[0];
      if (node === undefined || output === undefined || !this.#keepsPositions(node, value)) return undefined;
      nodes.push(node);
      for (const name of new Set(node.inputs)) {
        const left = (live.get(name) ?? 0) - 1;
        if (left > 0) live.set(name, left);
        else live.delete(name);
      }
      live.set(output, readers(output).length);
      if (live.size === 1) return { value: output, node, nodes };
    }
    return undefined;
  }

  #keepsPositions({ op, domain, outputs }: Node, value: string): boolean {
    if (domain !== '' || ![elementwise, nonlinear, normalizing, quantizing].some((each) => each.has(op))) return false;
    return this.#hasShapeOf(outputs[0] ?? '', value);
  }

  #hasShapeOf(name: string, value: string): boolean {
    const [before, after] = [value, name].map((each) => this.context.types.shape(each));
    return (
      before !== undefined && after?.length === before.length && after.every((size, axis) => size === before[axis])
    );
  }

  /**
   * Those of some steps that are activations, each with a factor that follows it: of x·Φ(x) and the like. Without others, the
   * integers that a ReLU has become, back in floats.
   */
  activations(steps: readonly Step[]): Step[] {
    const found = steps.flatMap((step, at) => {
      if (!step.nodes.some(({ op }) => nonlinear.has(op))) return [];
      const next = steps[at + 1];
      return [next && this.#isFactor(next) ? next : step];
    });
    if (found.length > 0) return found;
    const [clipping, back] = steps;
    const rectifies = clipping && this.#rectifies(clipping.node) && back?.node.op === 'DequantizeLinear';
    return rectifies ? [back] : [];
  }

  /** Whether a node quantises to integers that have none below the one of 0. */
  #rectifies({ op, inputs: [, , zero = ''] }: Node): boolean {
    const known = this.context.types.constant(zero);
    const [least] = quantizedEnds[known?.type ?? ''] ?? [];
    return op === 'QuantizeLinear' && known !== undefined && numbersOf(known).every((value) => value === least);
  }

  /** The last of some steps that normalizes, with the scale and shift of each channel that follow it. */
  normalization(steps: readonly Step[]): Step | undefined {
    let at = steps.findLastIndex(({ nodes }) => nodes.some(({ op }) => normalizing.has(op)));
    if (at < 0) return undefined;
    while (this.#isOfChannels(steps[at + 1])) at++;
    return steps[at];
  }

  #isOfChannels(step: Step | undefined): boolean {
    const { types } = this.context;
    const [only, ...others] = step?.nodes ?? [];
    if (!only || others.length > 0 || (only.op !== 'Mul' && only.op !== 'Add')) return false;
    return only.inputs.some((name) => types.constant(name) !== undefined);
  }

  #isFactor({ node: { op, inputs }, nodes }: Step): boolean {
    const { types } = this.context;
    const isNumber = (name: string) =>
      types.constant(name) !== undefined && types.shape(name)?.every((size) => size === 1);
    return nodes.length === 1 && (op === 'Mul' || op === 'Div') && inputs.some(isNumber);
  }
}

/** The activation that follows each of some layers, and what enters pooling; without repetitions. */
export function activationLayers(context: LayerContext, layers: readonly Layer[]): Layer[] {
  const followed = new Followed(context);
  const steps = layers
    .filter(isSpatial)
    .flatMap(({ value }) => followed.activations(followed.steps(value)).slice(0, 1))
    .map(({ value, node }) => layerOfValue(context, node, value));
  const layersOf = new Map(steps.map((layer) => [layer.value, layer]));
  const makers = producersOf(context.graph);
  for (const node of context.graph.nodes) {
    const [value = ''] = node.inputs;
    const maker = makers.get(value);
    if (maker === undefined || !pools(node, context) || layersOf.has(value)) continue;
    const layer = layerOfValue(context, maker, value);
    if (isSpatial(layer)) layersOf.set(value, layer);
  }
  for (const { value } of layers) layersOf.delete(value);
  return [...layersOf.values()];
}

/** Whether a node pools positions. */
function pools(node: Node, { types, axes }: LayerContext): boolean {
  if (node.domain !== '') return false;
  if (!reducing.has(node.op)) return pooling.has(node.op);
  const value = node.inputs[0] ?? '';
  const channel = axes.of(value) ?? 1;
  const reduced = intsAttribute(node, 'axes') ?? types.integers(node.inputs[1]);
  const positions = [1, 2, 3].filter((axis) => axis !== channel);
  return (
    types.shape(value)?.length === 4 &&
    reduced?.length === 2 &&
    positions.every((axis) => reduced.some((each) => positiveAxis(each, 4) === axis))
  );
}

/**
 * The default layer with the activation that follows it, or else with what normalizes it before it is pooled.
 * @returns as `defaultLayer`, whose layers are kept where nothing follows, or where they are tokens or several
 */
export function lastActivation(context: LayerContext, grid: TokenGrid, dense: boolean): DefaultLayer | undefined {
  const found = defaultLayer(context, grid, dense);
  const [layer, ...others] = found?.layers ?? [];
  if (!found || !layer || layer.tokens || others.length > 0) return found;
  const followed = new Followed(context);
  const steps = followed.steps(layer.value);
  const activation = followed.activations(steps).at(-1);
  const last = activation ?? followed.normalization(steps);
  if (!last) return found;
  const kind = activation ? 'activation' : 'normalization';
  return {
    layers: [layerOfValue(context, last.node, last.value)],
    because: `the ${kind} after ${found.because}`,
  };
}
