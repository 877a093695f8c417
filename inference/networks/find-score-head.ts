/** @file Finds a network's logits, before sigmoid or softmax, and chooses among several outputs. */
import { InputError } from '../../onnx/errors.js';
import { nodeLabel, type Graph, type Model, type Node } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { equalOutputs, severalOutputs } from '../graphs/outputs/equal-outputs.js';
import { ancestors, descendants } from '../graphs/links.js';
import { HeadReader, type ReadHead } from './head-reader.js';
import { isHeatmap, readGanMetadata } from './metadata.js';
import type { ScoreHead } from './score-head.js';

/** A head with details of the search. */
export interface FoundHead extends ReadHead {
  /** The selected output. */
  output: string;
  /** Further outputs that could be explained. */
  others: readonly string[];
  /** The node by which the numbers may be features of the picture, and no scores of classes. */
  features?: string;
}

/**
 * Finds the logits, before the activation. The output is the one that the metadata marks as logits, that is named `logit`, or
 * that is computed from the others. Integer outputs (such as an argmax) are traced back to their scores.
 * @param model of our dialect, in topological order, with a fixed picture size
 * @param wanted name of an output, or of any value in the graph
 * @throws InputError if the value does not exist, or is not one score per picture, per class, or per class and position; without
 *   `wanted` also for several outputs of equal standing, and for features divided by their length
 */
export function scoreHead(model: Model, wanted?: string): ScoreHead {
  return findScoreHead(model, wanted).head;
}

/** The same, with details of the search. */
export function findScoreHead(model: Model, wanted?: string): FoundHead {
  const { graph } = model;
  const reader = new HeadReader(model);
  if (wanted !== undefined) {
    expectValue(graph, wanted);
    const picture = graph.inputs[0]?.name ?? '';
    if (!descendants(graph, picture).has(wanted)) {
      const expected = `a value that depends on the picture "${picture}"`;
      throw new InputError({ name: 'output', expected, got: `"${wanted}"` });
    }
    return withFeatures(reader, { ...reader.readNamed(wanted), output: wanted, others: [] });
  }
  const [first, ...further] = graph.outputs.map(({ name }) => name);
  if (first === undefined)
    throw new InputError({ name: 'model', expected: 'an output with scores', got: 'a graph without outputs' });
  const stated = readGanMetadata(model.metadata)?.logits ?? ['logit'];
  const named = [first, ...further].find((name) => stated.includes(name));
  // Of networks with several inputs, an output of another one says nothing about the picture.
  const dependent = descendants(graph, graph.inputs[0]?.name ?? '');
  const ofPicture = [first, ...further].filter((name) => dependent.has(name) && !isHeatmap(model.metadata, name));
  const found = withoutFeatures(reader, inOrder(reader, graph, named === undefined ? ofPicture : [named]));
  const [chosen, ...others] = found;
  const compared = chosen && comparedWith(reader, graph, chosen.head.logits, ofPicture);
  if (chosen && named === undefined && compared !== undefined) throw embedding(chosen.output, compared);
  // Report the error of the first output.
  if (!chosen) return { ...reader.read(first), output: first, others: [] };
  const equal = equalOutputs(graph, chosen, others);
  if (equal.length > 0) throw severalOutputs(inGraph(graph, [chosen, ...equal]));
  const end = named === undefined ? reader.featureEnd(chosen) : undefined;
  if (end?.certain) throw normalized(chosen.output, end.node);
  return withFeatures(reader, { ...reader.asBoxes(chosen, chosen.output), others: others.map(({ output }) => output) });
}

/** The output that describes the picture, if those of it with readable numbers are all divided by their length. */
export function embeddingOf(model: Model): string | undefined {
  const reader = new HeadReader(model);
  const dependent = descendants(model.graph, model.graph.inputs[0]?.name ?? '');
  const outputs = model.graph.outputs.map(({ name }) => name).filter((name) => dependent.has(name));
  const read = outputs.map((output) => ({ output, head: reader.tryRead(output) })).filter(({ head }) => head);
  const isEmbedding = read.every(({ head }) => head && reader.featureEnd(head)?.certain);
  return isEmbedding ? read[0]?.output : undefined;
}

/** Outputs in the order of the graph. */
function inGraph<T extends { output: string }>({ outputs }: Graph, found: readonly T[]): T[] {
  return outputs.flatMap(({ name }) => found.find(({ output }) => output === name) ?? []);
}

function withFeatures(reader: HeadReader, found: FoundHead): FoundHead {
  const end = reader.featureEnd(found);
  return end ? { ...found, features: nodeLabel(end.node) } : found;
}

/** Without values that are surely features, where there are others. */
function withoutFeatures(reader: HeadReader, found: readonly Candidate[]): readonly Candidate[] {
  const scores = found.filter((each) => !reader.featureEnd(each)?.certain);
  return scores.length > 0 ? scores : found;
}

function normalized(output: string, node: Node): InputError {
  return new InputError({
    name: 'output',
    expected: `scores; "${output}" is divided by its length at ${nodeLabel(node)}, so it describes the picture and has no classes`,
    got: `no other scores (\`output\` ${output} explains its numbers, which \`target\` counts from 0)`,
  });
}

/** @throws InputError listing the available outputs */
function expectValue(graph: Graph, name: string): void {
  if (graph.nodes.some(({ outputs }) => outputs.includes(name))) return;
  const outputs = graph.outputs.map((output) => output.name).join(', ');
  throw new InputError({ name: 'output', expected: `${outputs}, or another value of the graph`, got: `"${name}"` });
}

type Candidate = ReadHead & { output: string };

/** Outputs with readable scores; the explained one comes first. */
function inOrder(reader: HeadReader, graph: Graph, outputs: readonly string[]): Candidate[] {
  const read = outputs.flatMap((output): Candidate[] => {
    const found = reader.tryRead(output);
    return found ? [{ ...found, output }] : [];
  });
  const bases = read.map(({ head: { logits } }) => reader.beforeReshapes(logits));
  const distinct = withoutCoordinates(read.filter((_, at) => bases.indexOf(bases[at] as string) === at));
  // An output that others are computed from is an intermediate feature.
  const made = distinct.map(({ head: { logits } }) => ancestors(graph, logits));
  const ends = distinct.filter(
    ({ head: { logits } }, at) => !made.some((values, other) => other !== at && values.has(logits)),
  );
  const [first] = ends;
  if (!first) return [];
  // Auxiliary heads have the same classes but fewer layers before them.
  const depth = ({ head: { logits } }: Candidate) => ancestors(graph, logits).size;
  const alike = ends.filter(
    ({ head: { kind, classes } }) => kind === first.head.kind && classes === first.head.classes,
  );
  const [main = first] = alike.toSorted((a, b) => depth(b) - depth(a));
  return [main, ...ends.filter((each) => each !== main)];
}

/** Operators that pick some of the scores. */
const picking = new Set(['NonMaxSuppression', 'TopK', 'NonZero', 'ArgMax', 'GatherND', 'Where', 'Loop', 'If']);

/**
 * An output of two axes without scores of its own for which all numbers of a value are multiplied by others, such as
 * the similarities of a picture with texts: the value is an embedding then.
 */
function comparedWith(reader: HeadReader, graph: Graph, value: string, outputs: readonly string[]): string | undefined {
  const types = Types.of(graph);
  const after = descendants(graph, value);
  return outputs.find((output) => {
    if (!after.has(output) || reader.tryRead(output)) return false;
    const type = types.get(output) ?? graph.outputs.find(({ name }) => name === output)?.value;
    if (type?.type !== 'float32' || type.shape?.length !== 2) return false;
    const before = ancestors(graph, output);
    const between = graph.nodes.filter((node) =>
      node.outputs.some((name) => name !== value && after.has(name) && before.has(name)),
    );
    return between.some(({ op }) => op === 'MatMul' || op === 'Gemm') && !between.some(({ op }) => picking.has(op));
  });
}

function embedding(output: string, compared: string): InputError {
  return new InputError({
    name: 'output',
    expected: `scores; "${compared}" compares the embedding "${output}" with other values, and has no fixed classes`,
    got: `no other scores (\`output\` ${output} explains the numbers of the embedding)`,
  });
}

/** Without outputs of four coordinates for each box that another output scores, which becomes a detector's. */
function withoutCoordinates(candidates: readonly Candidate[]): Candidate[] {
  const boxes = candidates.filter(
    ({ head: { kind, classes, grid } }) => kind === 'dense' && classes === 4 && grid?.height === 1,
  );
  const coordinates = boxes.filter((box) =>
    candidates.some(
      (other) =>
        other !== box &&
        other.head.grid?.height === 1 &&
        other.head.grid.width === box.head.grid?.width &&
        // Of two outputs with four numbers, the coordinates are the one that ends in a sigmoid, or the later one.
        (other.head.classes !== 4 || candidates.indexOf(other) < candidates.indexOf(box)),
    ),
  );
  const counts = new Set(coordinates.map(({ head }) => head.grid?.width));
  return candidates
    .filter((each) => !coordinates.includes(each))
    .map((each) =>
      each.head.kind === 'dense' && each.head.grid?.height === 1 && counts.has(each.head.grid.width)
        ? { ...each, head: { ...each.head, kind: 'boxes' } }
        : each,
    );
}
