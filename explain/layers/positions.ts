/** @file Which tokens are positions of the picture: a detector's queries and a resampler's latents are not. */
import { descendants } from '../../inference/graphs/links.js';
import { numberAttribute } from '../../onnx/graph/attributes.js';
import type { Graph, Node } from '../../onnx/graph/graph.js';
import { valuesRead } from '../../onnx/graph/order.js';
import type { Types } from '../../onnx/shapes/types.js';
import { MAX_LEADING } from './layer.js';

/** Operators that give rows or slots chosen by what the picture holds, or made without it. */
const elsewhere = new Set([
  'Shape',
  'Size',
  'TopK',
  'NonZero',
  'ArgMax',
  'ConstantOfShape',
  'RandomNormal',
  'GatherElements',
]);
/** Operators with a value for each element of any of their inputs. */
const joining = new Set(['Add', 'Sub', 'Mul', 'Div', 'Sum', 'Mean', 'Max', 'Min', 'Where', 'Concat', 'Einsum']);

/** Operators with subgraphs. */
const holding = new Set(['If', 'Loop', 'Scan']);

/**
 * The values whose rows come from rows of the picture. The rows of an attention's result are those of its queries, so what
 * learnt queries read from the picture has none.
 * @param graph in topological order; its first input is the picture
 */
export function positionalValues(graph: Graph, types: Types): ReadonlySet<string> {
  const picture = graph.inputs[0]?.name ?? '';
  const found = new Set([picture]);
  const dependent = descendants(graph, picture);
  for (const node of graph.nodes) {
    if (hasPositions(node, found, dependent, types)) for (const output of node.outputs) found.add(output);
  }
  return found;
}

function hasPositions(node: Node, known: ReadonlySet<string>, dependent: ReadonlySet<string>, types: Types): boolean {
  const { op, domain, inputs } = node;
  const [first = '', second = ''] = inputs;
  if (domain !== '') return inputs.some((name) => known.has(name));
  if (elsewhere.has(op)) return false;
  if (joining.has(op) || holding.has(op)) return valuesRead(node).some((name) => known.has(name));
  if (op === 'Gather' || op === 'GatherND')
    return known.has(first) && !dependent.has(second) && !picksTokens(node, types);
  return known.has(first) && !(op === 'Slice' && picksTokens(node, types));
}

/** Whether a few of many tokens [N, T, C] are kept: class tokens. */
function picksTokens(node: Node, types: Types): boolean {
  const { op, inputs, outputs } = node;
  const before = types.shape(inputs[0] ?? '');
  const after = types.shape(outputs[0] ?? '');
  const count = before?.[1];
  if (before?.length !== 3 || !after || typeof count !== 'number') return false;
  const lost = op !== 'Slice' && after.length < 3;
  const alongTokens = op === 'Slice' || [1, -2].includes(numberAttribute(node, 'axis', 0));
  return alongTokens && count > MAX_LEADING && (lost || Number(after[1]) <= MAX_LEADING);
}
