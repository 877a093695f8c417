/** @file Detectors whose one output holds boxes and the scores of their classes side by side, as YOLO's. */
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import { positiveAxis } from '../../onnx/graph/dims.js';
import type { Graph, Node } from '../../onnx/graph/graph.js';
import type { Types } from '../../onnx/shapes/types.js';
import { ancestors, descendants } from './links.js';
import { readParts, type Part } from './read-parts.js';
import { pickingNode, weighted, type KnownGraph } from './scores-behind.js';

/** Where the scores of classes are among the numbers of a box. */
export interface BoxScores {
  /** A value of its own that holds nothing but these scores, before their sigmoid; missing for a part of the output. */
  logits?: string;
  /** Axis of the classes in the output, or in `logits`. */
  axis: 1 | 2;
  /** The scores' place on the axis. */
  from: number;
  to: number;
  /** Place of the score of there being an object at all, which goes along as a factor. */
  object?: number;
}

/** Numbers of a box. */
const BOX = 4;

/**
 * Reads an output [1, …, …] that joins boxes of four numbers and scores: [4 + classes, boxes] as YOLO 8 and 11 do, or
 * [boxes, 5 + classes] as YOLO 5, 7 and X do.
 * @param names number of class names that the model's metadata have
 */
export function boxScores(graph: KnownGraph, output: string, names?: number): BoxScores | undefined {
  const shape = graph.types.shape(output) ?? [];
  if (shape.length !== 3) return undefined;
  const joined = joinedParts(graph, output);
  const sizes = joined?.parts.map((part) => part.size) ?? [];
  // Behind the choice of the best boxes stand their numbers, not those of all.
  if (joined?.parts.slice(1).some(({ value }) => pickingNode(graph, value))) return undefined;
  if (joined && sizes[0] === BOX && sizes.length > 1) return ofParts(graph, joined, names);
  if (joined && sizes[0] === 2 && sizes[1] === 2 && sizes.length > 2) return withObject(joined.axis, shape, names);
  for (const axis of [1, 2] as const) {
    const size = shape[axis];
    if (names === undefined || typeof size !== 'number') continue;
    if (size === BOX + names) return { axis, from: BOX, to: size };
    if (size === BOX + 1 + names) return withObject(axis, shape, names);
  }
  return undefined;
}

function withObject(axis: 1 | 2, shape: readonly unknown[], names?: number): BoxScores | undefined {
  const from = BOX + 1;
  const to = names === undefined ? Number(shape[axis]) : from + names;
  return to > from ? { axis, from, to, object: BOX } : undefined;
}

const bounded = new Set(['Sigmoid', 'HardSigmoid', 'Softmax']);
const moving = new Set('Identity Reshape Flatten Squeeze Unsqueeze Cast Transpose Slice Split Gather'.split(' '));

const averaging = new Set(['ReduceMean', 'GlobalAveragePool', 'AveragePool']);

/** Whether a part of a value comes out of sigmoids or softmaxes, behind what moves, joins and averages it. */
export function areProbabilities({ producers, types }: KnownGraph, value: string, part: Part = 'all'): boolean {
  const open: [string, Part][] = [[value, part]];
  const seen = new Set<string>();
  for (let next = open.pop(); next; next = open.pop()) {
    const [name, wanted] = next;
    const node = producers.get(name);
    if (!node || node.domain !== '') return false;
    if (bounded.has(node.op)) continue;
    if (averaging.has(node.op)) {
      open.push([node.inputs[0] ?? '', 'all']);
      continue;
    }
    if (node.op !== 'Concat' && !moving.has(node.op)) return false;
    const key = `${name}:${JSON.stringify(wanted)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const parts = readParts(node, name, wanted, types);
    open.push(...(node.op === 'Concat' ? parts : parts.slice(0, 1)));
  }
  return true;
}

/** The sigmoid or softmax that a value is computed from alone, with constants and without weights. */
export function boundedBefore({ producers, types }: KnownGraph, value: string): Node | undefined {
  for (let at = value; ;) {
    const node = producers.get(at);
    if (!node || node.domain !== '' || weighted.has(node.op)) return undefined;
    if (bounded.has(node.op)) return node;
    const [only, ...more] = node.inputs.filter((name) => name && types.constant(name) === undefined);
    if (only === undefined || more.length > 0) return undefined;
    at = only;
  }
}

/**
 * Whether a value other than the scores holds four coordinates for each of so many boxes: an output, what boxes are picked
 * from, or what is computed beside the scores and not from them or for them.
 */
export function hasCoordinates(graph: Graph, types: Types, boxes: number, scores: string): boolean {
  const areCoordinates = (name: string) => {
    const [, a, b, ...more] = types.shape(name) ?? [];
    return name !== scores && more.length === 0 && ((a === boxes && b === BOX) || (a === BOX && b === boxes));
  };
  const picked = graph.nodes.filter(({ op }) => op === 'NonMaxSuppression').map(({ inputs }) => inputs[0] ?? '');
  if ([...graph.outputs.map(({ name }) => name), ...picked].some(areCoordinates)) return true;
  const found = graph.nodes.flatMap(({ outputs }) => outputs).filter(areCoordinates);
  if (found.length === 0) return false;
  const [before, after] = [ancestors(graph, scores), descendants(graph, scores)];
  return found.some((name) => !before.has(name) && !after.has(name));
}

interface JoinedParts {
  /** Axis of the output. */
  axis: 1 | 2;
  parts: readonly { value: string; size: number }[];
  /** Whether the parts are those of one scale of several, or moved, so that they do not hold all boxes in order. */
  moved: boolean;
}

function ofParts({ producers }: KnownGraph, { axis, parts, moved }: JoinedParts, names?: number): BoxScores {
  const [, second, third] = parts as [{ size: number }, { value: string; size: number }, JoinedParts['parts'][number]?];
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  const isProbability = ({ value }: { value: string }) => sigmoidOf({ producers }, value) !== undefined;
  // A single score between box and classes tells whether there is an object. Key points and masks follow that of one class.
  const hasObject = third !== undefined && (isProbability(third) || !isProbability(second));
  if (second.size === 1 && third && names !== 1 && hasObject)
    return { axis, from: BOX + 1, to: BOX + 1 + third.size, object: BOX };
  const to = BOX + (names ?? (parts.length > 2 ? second.size : total - BOX));
  const logits = to - BOX === second.size && !moved ? sigmoidOf({ producers }, second.value) : undefined;
  return logits === undefined ? { axis, from: BOX, to } : { axis, from: 0, to: second.size, logits };
}

/** What a sigmoid has made a value of. */
function sigmoidOf({ producers }: Pick<KnownGraph, 'producers'>, value: string): string | undefined {
  const maker = producers.get(value);
  const producer = maker?.op === 'Cast' ? producers.get(maker.inputs[0] ?? '') : maker;
  return producer?.op === 'Sigmoid' && producer.domain === '' ? producer.inputs[0] : undefined;
}

/** The values that a Concat joins along one axis of an output, found behind what moves them and joins scales. */
function joinedParts(graph: KnownGraph, output: string): JoinedParts | undefined {
  const { producers, types } = graph;
  /** Axis from the end, which reshapes of what lies before it leave alone. */
  let moved = false;
  let swapped = false;
  for (let value = output; ;) {
    const node = producers.get(value);
    const rank = types.shape(value)?.length ?? 0;
    const [first] = node?.inputs ?? [];
    if (!node || first === undefined || node.domain !== '') return undefined;
    if (node.op === 'Concat') {
      const axis = positiveAxis(numberAttribute(node, 'axis', 0), rank);
      const parts = flatParts(graph, node, axis - rank);
      const start = parts[0]?.size;
      const isLast = axis === rank - 1;
      // Channels of a scale [batch, numbers, height, width], whose positions are flattened after it, stand on axis 1 too.
      if (
        (start === BOX || start === 2) &&
        parts.length > 1 &&
        (isLast || ((rank === 3 || rank === 4) && axis === 1))
      ) {
        const own = isLast ? 2 : 1;
        return { axis: swapped ? (own === 1 ? 2 : 1) : own, parts, moved };
      }
      // Scales are joined along the boxes.
      moved = true;
    } else if (node.op === 'Transpose') {
      const perm = intsAttribute(node, 'perm') ?? [];
      if (perm.length === 3 && perm.join() === '0,2,1') swapped = !swapped;
      moved = true;
    } else if (!['Reshape', 'Identity', 'Cast', 'Squeeze', 'Unsqueeze'].includes(node.op)) return undefined;
    else moved = moved || node.op === 'Reshape';
    value = first;
  }
}

/** The parts with those of nested Concats along the same axis, which is counted from the end. */
function flatParts({ producers, types }: KnownGraph, node: Node, fromEnd: number): { value: string; size: number }[] {
  return node.inputs.flatMap((value) => {
    const shape = types.shape(value) ?? [];
    const size = shape.at(fromEnd);
    const producer = producers.get(value);
    const given = producer?.op === 'Concat' ? numberAttribute(producer, 'axis', 0) : undefined;
    const nested = given !== undefined && (given < 0 ? given : given - shape.length) === fromEnd;
    if (producer && nested) return flatParts({ producers, types }, producer, fromEnd);
    return [{ value, size: typeof size === 'number' ? size : Number.NaN }];
  });
}
