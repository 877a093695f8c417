/** @file A network that explains itself: one ONNX graph from the picture to its logits and its heatmap at picture size. */
import { HEATMAP, readGanMetadata } from '../../inference/networks/metadata.js';
import { readNetwork, type ReadOptions } from '../../inference/networks/read-network.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { batchMixer } from '../../inference/graphs/batch-mixing.js';
import { findScoreHead } from '../../inference/networks/find-score-head.js';
import { assumedOfLayers, assumedOfMixingHeatmaps, assumedOfOutput } from '../maps/assumptions.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import { nodeLabel, OPSET, type Dim, type Graph, type Model } from '../../onnx/graph/graph.js';
import { prunedGraph } from '../../onnx/graph/order.js';
import { float32Tensor, int64Tensor } from '../../onnx/graph/tensor.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { camGraph, type CamGraph } from './cam.js';
import { chosenLayers, distinctLayers, type LayerChoice } from '../network/layers.js';
import { methodNames, methods, type MethodName, type WeightedMethodName } from '../methods/table.js';
import { EPSILON } from '../maps/shown/normalize.js';
import { checkedTarget } from '../targets/target-choice.js';
import { targetWeights } from '../targets/targets.js';

/** What the heatmap explains: a target given at run time as a second input, the top class, or a fixed target. */
export type HeatmapTarget = 'input' | 'top' | 'real' | 'fake' | number;

/** Options of a self-explaining model. */
export interface SelfExplainingOptions extends ReadOptions {
  /** The output to explain, or any value of the graph. */
  output?: string;
  /** Default `auto`; the normalised maps of several layers are averaged. */
  layers?: LayerChoice;
  /** One of `selfExplainingMethods`, default `gradcam`. */
  method?: MethodName;
  /** Default `fake` for discriminators and `input` for others. */
  target?: HeatmapTarget;
}

/** A self-explaining model, and the names of its inputs and outputs. */
export interface SelfExplainingModel {
  model: Model;
  /** The picture, as in the source; its size is fixed. */
  input: string;
  /**
   * int64 [N], what to explain of each picture, where the target is an input: 0 −logit (fake) and 1 +logit (real) for networks
   * with one score; a class, or −1 for the picture's top class, for classifiers. ONNX Runtime on the CPU refuses numbers beyond.
   */
  targetInput?: string;
  /** Logits [N, classes]; an output of the source that holds them keeps its name and shape. */
  logits: string;
  /** The map at the picture's size [N, height, width], 0…1, zero everywhere where it is constant or nowhere positive. */
  heatmap: string;
  explains: HeatmapTarget;
  method: MethodName;
  /** Names of the layers' values. */
  layers: readonly string[];
  /** Which output and which layers were taken, and why; and whether the pictures of a batch influence each other. */
  assumptions: readonly Assumption[];
}

/** Methods that one graph can contain: sums of weighted activations. */
export const selfExplainingMethods = methodNames.filter(isSelfExplaining);

function isSelfExplaining(name: MethodName): name is WeightedMethodName {
  const method = methods[name];
  return method.kind === 'weighted' && method.contrast === undefined;
}

/** The method of this name. @throws InputError for methods that one graph cannot contain */
export function selfExplainingMethod(name: string): WeightedMethodName {
  const found = selfExplainingMethods.find((known) => known === name);
  if (found) return found;
  throw new InputError({
    name: 'method',
    expected: `one of ${selfExplainingMethods.join(', ')} in a graph`,
    got: `"${name}"`,
  });
}

const TARGET = 'target';
const MAP_AXES = [2, 3];

/**
 * The network with its class activation map as a second output, computed as `Explainer` and `normalizedMap` do: weights,
 * sum and ReLU at the layer, then minimum and maximum to 0 and 1, bilinear to the picture's size, and once more to 0 and
 * 1. All nodes are plain ai.onnx operators of opset 17, so any ONNX runtime can run it without this package.
 * Pictures of a batch do not influence each other unless the network itself lets them, which is one of the assumptions.
 * @param source a model of any opset with one picture input; sizes that it leaves open become 224
 * @throws InputError if it is no such model or has values of the names `target` and `heatmap`, if an option does not fit
 *   it, or if a node on the way cannot be differentiated or is no ai.onnx operator
 */
export function selfExplainingModel(source: Model, options: SelfExplainingOptions = {}): SelfExplainingModel {
  const method = selfExplainingMethod(options.method ?? 'gradcam');
  const upgraded = upgradedModel(source);
  const metadata = readGanMetadata(upgraded.metadata);
  if (metadata?.role === 'generator') {
    throw new InputError({ name: 'model', expected: 'a discriminator or a classifier', got: 'a generator' });
  }
  requireFreeNames(upgraded.graph);
  const { model, input: network, assumptions: read } = readNetwork(upgraded, options);
  const { height, width } = network.picture;
  const found = findScoreHead(model, options.output);
  const { head } = found;
  const grid = { picture: { height, width }, logits: head.logits };
  const chosen = chosenLayers(model.graph, options.layers, grid, head);
  const layers = distinctLayers(chosen.groups.flat());
  const mixer = batchMixer(model.graph, network.name, head.logits);
  const assumptions = [
    ...read.filter(({ about }) => about === 'picture'),
    ...assumedOfOutput(found, undefined, options.output !== undefined),
    ...assumedOfLayers(chosen),
    ...(mixer && network.batch !== 1 ? [assumedOfMixingHeatmaps(mixer)] : []),
  ];
  const cam = camGraph(model, { head, layers, methods: [method] });
  const target = options.target ?? (head.kind === 'discriminator' ? 'fake' : 'input');
  if (head.classes === 1 && target === 'top') {
    throw new InputError({
      name: 'target',
      expected: 'input, real or fake, as the network has one score per picture',
      got: 'top',
    });
  }

  const b = withTarget(cam, target, network.batch ?? 'batch');
  const maps = cam.layers.map(({ layer, maps: [map] }) =>
    b.within(`${layer.name}/${method}`, () => resized(b, scaled(b, channelled(b, map?.raw ?? '')), height, width)),
  );
  const mean = maps.length === 1 ? (maps[0] as string) : b.op('Mean', maps, {}, 'mean_map');
  const squeezed = b.op('Squeeze', [b.within('final', () => scaled(b, mean)), b.ints([1])], {}, 'final/map');
  const isOutput = source.graph.outputs.some(({ name }) => name === cam.head.logits);
  const logits = isOutput ? cam.head.logits : cam.logits;
  b.output(logits);
  b.output(squeezed, HEATMAP);

  const graph = prunedGraph(b.graph, [logits, HEATMAP]);
  const foreign = graph.nodes.find(({ domain }) => domain !== '');
  if (foreign) throw new InputError({ name: nodeLabel(foreign), expected: 'operators of ai.onnx only' });
  const notes = [
    ['heatmap.method', method],
    ['heatmap.layers', layers.map(({ name }) => name).join()],
    ['heatmap.target', `${target}`],
    // The entries about the discriminator's outputs are no longer true.
    ...(metadata ? [['logits', logits] as const, ['probabilities', ''] as const] : []),
  ] as const;
  return {
    model: {
      ...cam.model,
      opsets: new Map([['', OPSET]]),
      metadata: new Map([...model.metadata, ...notes.map(([key, value]) => [`ganscope.${key}`, value] as const)]),
      graph,
    },
    input: cam.input,
    ...(target === 'input' && { targetInput: TARGET }),
    logits,
    heatmap: HEATMAP,
    explains: target,
    method,
    layers: layers.map(({ value }) => value),
    assumptions,
  };
}

/** @throws InputError if the model already uses one of our names, as names are unique in a graph */
function requireFreeNames({ inputs, nodes, initializers }: Graph): void {
  const taken = [...inputs.map(({ name }) => name), ...nodes.flatMap(({ outputs }) => outputs), ...initializers.keys()];
  const clash = taken.find((name) => name === TARGET || name === HEATMAP);
  if (clash) throw new InputError({ name: 'model', expected: `no value named "${clash}", which the heatmap needs` });
}

/** The graph with its target weights computed instead of given as an input. */
function withTarget(cam: CamGraph, target: HeatmapTarget, batch: Dim): GraphBuilder {
  const { graph } = cam.model;
  const inputs = graph.inputs.filter(({ name }) => name !== cam.targetWeights);
  const b = new GraphBuilder({ ...graph, inputs, nodes: [], outputs: [], initializers: new Map(graph.initializers) });
  b.reserve(graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]));
  const fed = target === 'input';
  if (fed) b.input(TARGET, 'int64', [batch]);
  const weights = b.within('target', () =>
    fed ? weightsOfInput(b, cam.head) : weightsOfAll(b, cam, target === 'top' ? undefined : target),
  );
  b.append({
    op: 'Identity',
    domain: '',
    name: cam.targetWeights,
    inputs: [weights],
    outputs: [cam.targetWeights],
    attributes: {},
  });
  for (const node of graph.nodes) b.append(node);
  return b;
}

/** Weights [N, classes] of the targets of the input. A lookup in a table makes the runtime refuse numbers out of range. */
function weightsOfInput(b: GraphBuilder, { classes }: ScoreHead): string {
  if (classes === 1) {
    const signs = b.initializer(b.unique('signs'), float32Tensor([-1, 1], [2]));
    const sign = b.op('Gather', [signs, withinTable(b, TARGET, 2)], { axis: 0 }, 'sign');
    return b.op('Unsqueeze', [sign, b.ints([1])], {}, 'column');
  }
  const numbers = Array.from({ length: classes + 1 }, (_, index) => index - 1);
  const known = b.initializer(b.unique('known_classes'), int64Tensor(numbers));
  const index = withinTable(b, b.add(TARGET, b.scalar(1, 'int64')), classes + 1);
  const checked = b.op('Gather', [known, index], { axis: 0 }, 'class');
  const column = b.op('Unsqueeze', [checked, b.ints([1])], {}, 'class_column');
  const row = b.initializer(b.unique('classes'), int64Tensor(numbers.slice(1), [1, classes]));
  return b.op('Cast', [b.op('Equal', [row, column], {}, 'is_class')], { to: 1 }, 'one_hot');
}

/** Indices that Gather looks up in a table of this length; negative ones, which it counts from the end, lie beyond. */
function withinTable(b: GraphBuilder, indices: string, length: number): string {
  const isNegative = b.op('Less', [indices, b.scalar(0, 'int64')], {}, 'is_negative');
  return b.op('Where', [isNegative, b.scalar(length, 'int64'), indices], {}, 'index');
}

/** Weights [N, classes] of one target for all pictures; undefined for the top class. */
function weightsOfAll(
  b: GraphBuilder,
  { head, input }: CamGraph,
  target: 'real' | 'fake' | number | undefined,
): string {
  const weights =
    target === undefined ? new Float32Array(head.classes) : targetWeights(head, checkedTarget(head, target));
  const count = b.op('Shape', [input], { start: 0, end: 1 }, 'batch');
  const sizes = b.op('Concat', [count, b.ints([head.classes])], { axis: 0 }, 'sizes');
  const row = b.initializer(b.unique('row'), float32Tensor(weights, [1, head.classes]));
  return b.op('Expand', [row, sizes], {}, 'rows');
}

/** [N, h, w] as [N, 1, h, w]. */
function channelled(b: GraphBuilder, map: string): string {
  return b.op('Unsqueeze', [map, b.ints([1])], {}, 'map');
}

/** A map [N, 1, h, w] minus its minimum, divided by its maximum + ε, for each picture. */
function scaled(b: GraphBuilder, map: string): string {
  const least = b.op('ReduceMin', [map], { axes: MAP_AXES, keepdims: 1 }, 'least');
  const shifted = b.sub(map, least, 'shifted');
  const largest = b.op('ReduceMax', [shifted], { axes: MAP_AXES, keepdims: 1 }, 'largest');
  return b.div(shifted, b.add(largest, b.scalar(EPSILON)), 'scaled');
}

/** Bilinear between half-pixel centres, as `bilinearResized`. */
function resized(b: GraphBuilder, map: string, height: number, width: number): string {
  const count = b.op('Shape', [map], { start: 0, end: 2 }, 'leading_sizes');
  const sizes = b.op('Concat', [count, b.ints([height, width])], { axis: 0 }, 'resized_sizes');
  const attributes = { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
  return b.op('Resize', [map, '', '', sizes], attributes, 'resized');
}
