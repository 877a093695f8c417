/** @file Outputs of equal standing: scores of one network of which none is made for another, as of several tasks. */
import { InputError } from '../../../onnx/errors.js';
import type { Graph } from '../../../onnx/graph/graph.js';
import { Types } from '../../../onnx/shapes/types.js';
import { ancestors } from '../links.js';
import { weighted } from '../scores-behind.js';

/** An output with the scores behind it. */
interface ScoredOutput {
  output: string;
  head: { kind: string; classes: number; grid?: { height: number; width: number }; logits: string };
}

/** The outputs that answer other questions than the chosen one, so that neither can be taken silently. */
export function equalOutputs<T extends ScoredOutput>(graph: Graph, chosen: T, others: readonly T[]): T[] {
  const types = Types.of(graph);
  return others.filter((other) => isRival(graph, types, chosen, other));
}

/** The error that names outputs of equal standing. */
export function severalOutputs(outputs: readonly ScoredOutput[]): InputError {
  const described = outputs.map(({ output, head: { kind, classes, grid } }) => {
    const scores = classes === 1 ? 'one score' : `${classes} ${kind === 'dense' ? 'scores' : 'classes'}`;
    return `"${output}" (${scores}${grid ? ` at ${grid.height}×${grid.width} positions` : ''})`;
  });
  return new InputError({
    name: 'output',
    expected: 'one of several outputs that answer different questions',
    got: `none, of ${described.join(' and ')}`,
  });
}

/** Maps beside scores of the picture, and masks beside boxes, belong to these. */
function isRival(graph: Graph, types: Types, chosen: ScoredOutput, other: ScoredOutput): boolean {
  const [head, another] = [chosen.head, other.head];
  if (head.kind === 'boxes' && another.kind !== 'boxes') return false;
  if ((head.grid === undefined) !== (another.grid === undefined)) return false;
  if (head.kind !== another.kind || head.classes !== another.classes) return true;
  const [mine, theirs] = [ancestors(graph, head.logits), ancestors(graph, another.logits)];
  if (head.grid) return mine.size === theirs.size;
  // An auxiliary output has the same classes, and the main one goes on with more features of positions.
  return featureLayers(graph, types, mine, theirs) <= featureLayers(graph, types, theirs, mine);
}

/** How many layers with weights compute features of several positions that are among some values and not among others. */
function featureLayers(graph: Graph, types: Types, values: ReadonlySet<string>, without: ReadonlySet<string>): number {
  return graph.nodes.filter(({ op, domain, outputs: [value = ''] }) => {
    if (domain !== '' || !weighted.has(op) || !values.has(value) || without.has(value)) return false;
    const shape = types.shape(value) ?? [];
    const positions = op === 'Conv' || op === 'ConvTranspose' ? shape.slice(2) : shape.slice(1, -1);
    return positions.some((size) => size !== 1);
  }).length;
}
