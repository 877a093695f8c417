/** @file Finds the layers of a network that can be explained, and selects among them. */
import { InputError } from '../../onnx/errors.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { nodeLabel, type Graph } from '../../onnx/graph/graph.js';
import {
  convolutions,
  layerContext,
  layerOfValue,
  liesElsewhere,
  normalizedLayers,
  rowsArePictures,
  type LayerContext,
} from '../layers/candidates.js';
import { activationLayers, lastActivation } from '../layers/activations.js';
import { defaultLayer, tokensAfter } from '../layers/default-layer.js';
import { guessedLayout } from '../layers/layout.js';
import { layersOnPath } from '../layers/path.js';
import { positionalValues } from '../layers/positions.js';
import { isSpatial, onGrid, tokenAxis, tokenGrid, type Layer, type Rows, type TokenGrid } from '../layers/layer.js';

export { onGrid, type Layer, type TokenGrid };

/** `auto`, `last-activation`, `last-conv`, `all-convs`, an index of `convLayers`, the name of a node or of its output, or several of these (`layerGroups`). */
export type LayerChoice = string | number | readonly (string | number)[];

const MAX_LISTED = 20;

/**
 * The two-dimensional convolutions of a graph, in topological order.
 * @param graph of our dialect, in topological order
 */
export function convLayers(graph: Graph): Layer[] {
  return convolutions(layerContext(graph));
}

/**
 * The layers that are listed to users, in the order of the graph: convolutions with the activation after each, what enters
 * pooling, normalized tokens of transformers that form a grid, and normalized activations with channels last.
 * @param graph of our dialect, in topological order
 */
export function listedLayers(graph: Graph, grid?: TokenGrid): Layer[] {
  const context = layerContext(graph);
  const convs = convolutions(context);
  const others = [...activationLayers(context, convs), ...(grid ? normalizedLayers(context, grid) : [])];
  const layers = [...convs, ...others].filter((layer) => !liesElsewhere(context, layer));
  const places = new Map(graph.nodes.flatMap(({ outputs }, at) => outputs.map((name) => [name, at] as const)));
  return distinctLayers(layers.toSorted((a, b) => (places.get(a.value) ?? 0) - (places.get(b.value) ?? 0)));
}

/** What the default layer depends on: whether the scores have positions, and whether they are those of a classifier. */
export type HeadKind = Pick<ScoreHead, 'kind' | 'grid'>;

/** The selected groups of layers, and the reason if the user did not name them. */
export interface ChosenLayers {
  groups: Layer[][];
  because?: string;
}

/**
 * The chosen layers in the requested order, without duplicates. Layers that are averaged together form one group.
 * @param graph of our dialect, in topological order
 * @param choice `auto`, the default where the scores are known, is the last layer with positions (`defaultLayer`), and of a
 *   classifier `last-activation`: the same with the activation that follows it (`lastActivation`);
 *   `last-conv` is the last convolution whose output is larger than 1×1, so a discriminator's convolutional head is not taken;
 *   `all-convs` are all of these; a string may be a list with commas, whose entries may join layers that are averaged with
 *   `+`; a number is an index before it is a name
 * @param grid for `auto`, and for layers of tokens [batch, tokens, channels], such as a transformer's
 * @param head of the scores, for `auto`
 * @throws InputError if there is no such layer, or its output is neither [batch, channels, height, width] larger than 1×1 nor
 *   tokens on a grid, or its rows are not pictures
 */
export function chosenLayers(
  graph: Graph,
  choice: LayerChoice | undefined,
  grid?: TokenGrid,
  head?: HeadKind,
): ChosenLayers {
  const context = layerContext(graph);
  const convs = convolutions(context);
  let because: string | undefined;
  const automatic = (wanted: string): Layer[] => {
    const isActivation = wanted === 'last-activation' || head?.kind === 'classifier' || head?.kind === 'single';
    const found = grid && (isActivation ? lastActivation : defaultLayer)(context, grid, head?.grid !== undefined);
    if (wanted === 'auto') because = found?.because;
    return found
      ? [...found.layers]
      : spatialConvs(
          context,
          layersOnPath(graph, convs, grid?.logits).filter((layer) => rowsArePictures(graph, layer)),
        ).slice(-1);
  };
  const one = (wanted: string): Layer[] => {
    if (wanted === 'all-convs') return spatialConvs(context, convs);
    if (wanted === 'last-conv') {
      const last = spatialConvs(context, convs).slice(-1);
      const later = grid && last[0] && tokensAfter(last[0], context, grid, head?.grid !== undefined);
      if (later)
        because = `the last convolution; the scores are made of later layers, of which auto takes ${later.name}`;
      return last;
    }
    const byIndex = /^\d+$/.test(wanted) ? convs[Number(wanted)] : undefined;
    const layer = byIndex ?? namedLayer(context, convs, wanted);
    return layer ? [checkedLayer(context, layer, grid)] : [];
  };
  const known = (wanted: string): Layer[] => {
    const found = isAutomatic(wanted) ? automatic(wanted) : one(wanted);
    if (found.length === 0) throw unknownLayer(wanted, convs);
    return found;
  };
  /** Names may contain the separators themselves. */
  const group = (wanted: string): Layer[][] => {
    if (isAutomatic(wanted)) return [known(wanted)];
    const whole = one(wanted);
    if (whole.length > 0) return whole.map((layer) => [layer]);
    return [distinctLayers(wanted.split('+').flatMap((part) => known(part.trim())))];
  };
  const several = (wanted: string): Layer[][] => {
    const whole = isAutomatic(wanted.trim()) ? [] : one(wanted.trim());
    return whole.length > 0 ? whole.map((layer) => [layer]) : wanted.split(',').flatMap((part) => group(part.trim()));
  };
  const asked = choice ?? (grid?.logits === undefined ? 'last-conv' : 'auto');
  const groups = [asked].flat().flatMap((wanted) => several(String(wanted)));
  const key = (layers: readonly Layer[]) => layers.map(({ value }) => value).join('\n');
  const distinctGroups = groups.filter((layers, at) => groups.findIndex((other) => key(other) === key(layers)) === at);
  return { groups: distinctGroups, ...(because !== undefined && { because }) };
}

const isAutomatic = (wanted: string) => wanted === 'auto' || wanted === 'last-activation';

/** The groups of `chosenLayers`. */
export function layerGroups(graph: Graph, choice?: LayerChoice, grid?: TokenGrid, head?: HeadKind): Layer[][] {
  return chosenLayers(graph, choice, grid, head).groups;
}

/** The same, with one layer per group. */
export function selectedLayers(graph: Graph, choice?: LayerChoice, grid?: TokenGrid, head?: HeadKind): Layer[] {
  return distinctLayers(layerGroups(graph, choice, grid, head).flat());
}

/** Without duplicates. */
export function distinctLayers(layers: readonly Layer[]): Layer[] {
  return layers.filter(({ value }, at) => layers.findIndex((other) => other.value === value) === at);
}

function spatialConvs(context: LayerContext, convs: readonly Layer[]): Layer[] {
  const { nodes } = context.graph;
  const spatial = convs.filter((layer) => isSpatial(layer) && !liesElsewhere(context, layer));
  if (spatial.length === 0) {
    const fused = nodes.find(({ domain, op }) => domain !== '' && op.includes('Conv'));
    const instead = fused
      ? `only others such as ${nodeLabel(fused)}; use the file that this one was optimised from`
      : 'none';
    throw new InputError({
      name: 'layer',
      expected: 'a network with a convolution whose output is larger than 1×1',
      got: convs.length > 0 ? `only ${listed(convs)}` : instead,
    });
  }
  return spatial;
}

/** A node's first output by the node's name, or any output by its own. */
function namedLayer(context: LayerContext, convs: readonly Layer[], name: string): Layer | undefined {
  const { nodes } = context.graph;
  if (name === '') return undefined;
  const node = nodes.find((each) => each.name === name) ?? nodes.find((each) => each.outputs.includes(name));
  if (!node) return undefined;
  const value = node.name === name ? (node.outputs[0] as string) : name;
  return convs.find((layer) => layer.value === value) ?? layerOfValue(context, node, value);
}

/** @throws InputError if a layer has no map */
function checkedLayer(context: LayerContext, layer: Layer, grid?: TokenGrid): Layer {
  const shown = layer.shape.length > 0 ? `[${layer.shape.join(', ')}]` : 'a shape that cannot be inferred';
  if (layer.shape.length >= 3 && !rowsArePictures(context.graph, layer)) {
    throw new InputError({
      name: 'layer',
      expected:
        `an output with a row for each picture; "${layer.name}" has ${shown}, where positions are folded into the batch; ` +
        'choose one before or after',
    });
  }
  if (liesElsewhere(context, layer)) {
    throw new InputError({
      name: 'layer',
      expected:
        `an output with the picture's rows and columns; "${layer.name}" has ${shown}, where they are folded, as in windows, ` +
        'patches or attention; choose one before or after',
    });
  }
  if (isSpatial(layer)) {
    // Attention and similar layers have four axes too, but no channels.
    if (context.axes.of(layer.value) !== undefined || layer.op === 'Conv') return layer;
    return guessedLayout(layer, grid);
  }
  const rows = positionalValues(context.graph, context.types).get(layer.value);
  if (layer.shape.length === 3 && rows === undefined) {
    throw new InputError({
      name: 'layer',
      expected: `a layer with positions of the picture; the rows of "${layer.name}" [${layer.shape.join(', ')}] are learnt queries or a choice`,
    });
  }
  if (layer.shape.length === 3 && grid) return { ...layer, tokens: tokensOf(layer, grid, rows) };
  throw new InputError({
    name: 'layer',
    expected:
      'an output [batch, channels, height, width] larger than 1×1, or [batch, tokens, channels]; ' +
      `"${layer.name}" has ${shown}`,
  });
}

/** @throws InputError if the tokens do not form a grid */
function tokensOf(layer: Layer, grid: TokenGrid, rows?: Rows): NonNullable<Layer['tokens']> {
  const found = tokenGrid(layer, grid, rows);
  if (found) return found;
  const { name, shape } = layer;
  const count = shape[tokenAxis(layer)];
  if (typeof count !== 'number') {
    throw new InputError({ name: 'layer', expected: `a fixed number of tokens; "${name}" has [${shape.join(', ')}]` });
  }
  if (grid.tokens) {
    const { height, width } = grid.tokens;
    throw new InputError({ name: 'tokens', expected: `at most ${count} positions`, got: `${height}×${width}` });
  }
  throw new InputError({
    name: 'tokens',
    expected: `the grid of the ${count} tokens of "${name}", such as 14x14`,
    got: 'nothing',
  });
}

function unknownLayer(wanted: string, convs: readonly Layer[]): InputError {
  return new InputError({
    name: 'layer',
    expected: `last-conv, all-convs, an index of 0…${convs.length - 1}, auto, last-activation, or the name of a node or its output`,
    got: `"${wanted}"; the convolutions are ${listed(convs)}`,
  });
}

function listed(convs: readonly Layer[]): string {
  const more = convs.length > MAX_LISTED ? `, and ${convs.length - MAX_LISTED} more` : '';
  return (
    convs
      .slice(0, MAX_LISTED)
      .map(({ name }) => name)
      .join(', ') + more
  );
}
