/** @file Which tokens are positions of the picture: a detector's queries and a resampler's latents are not. */
import type { Graph, Node } from '../../onnx/graph/graph.js';
import type { Types } from '../../onnx/shapes/types.js';

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

/**
 * The values whose rows come from rows of the picture. The rows of an attention's result are those of its queries, so what
 * learnt queries read from the picture has none.
 * @param graph in topological order; its first input is the picture
 */
export function positionalValues(graph: Graph, types: Types): ReadonlySet<string> {
  const found = new Set([graph.inputs[0]?.name ?? '']);
  for (const node of graph.nodes) {
    if (hasPositions(node, found, types)) for (const output of node.outputs) found.add(output);
  }
  return found;
}

function hasPositions({ op, domain, inputs }: Node, known: ReadonlySet<string>, types: Types): boolean {
  const [first = '', second = ''] = inputs;
  if (domain !== '') return inputs.some((name) => known.has(name));
  if (elsewhere.has(op)) return false;
  if (joining.has(op)) return inputs.some((name) => known.has(name));
  if (op === 'Gather' || op === 'GatherND') return known.has(first) && types.constant(second) !== undefined;
  return known.has(first);
}
