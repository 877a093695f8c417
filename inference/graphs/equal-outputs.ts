/** @file Outputs of equal standing: score sets of one network of which none is made for another, as of several tasks. */
import { InputError } from '../../onnx/errors.js';
import type { Graph } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { ancestors } from './links.js';
import { weighted } from './scores-behind.js';

/** An output with the scores behind it. */
interface ScoredOutput {
  output: string;
  head: { kind: string; classes: number; logits: string };
}

/**
 * The outputs of which each may as well be explained as the chosen one: scores of pictures, and no auxiliary scores. An auxiliary
 * output has the same classes, and the chosen one computes more features of positions after the two part.
 */
export function equalOutputs<T extends ScoredOutput>(graph: Graph, chosen: T, others: readonly T[]): T[] {
  if (!isOfPictures(chosen)) return [];
  const types = Types.of(graph);
  return others.filter((other) => isOfPictures(other) && !isAuxiliary(graph, types, other, chosen));
}

/** The error that names outputs of equal standing. */
export function severalOutputs(outputs: readonly ScoredOutput[]): InputError {
  const described = outputs.map(({ output, head: { classes } }) => {
    return `"${output}" (${classes === 1 ? 'one score' : `${classes} classes`})`;
  });
  return new InputError({
    name: 'output',
    expected: `a choice of ${described.join(' and ')}, as the network has several sets of scores and each has maps of its own`,
    got: 'none',
  });
}

const isOfPictures = ({ head: { kind } }: ScoredOutput) =>
  kind === 'classifier' || kind === 'single' || kind === 'discriminator';

function isAuxiliary(graph: Graph, types: Types, other: ScoredOutput, main: ScoredOutput): boolean {
  if (other.head.kind !== main.head.kind || other.head.classes !== main.head.classes) return false;
  const [mine, theirs] = [ancestors(graph, main.head.logits), ancestors(graph, other.head.logits)];
  return featureLayers(graph, types, mine, theirs) > featureLayers(graph, types, theirs, mine);
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
