/** @file Finds a network's logits: its scores before sigmoid or softmax. */
import { InputError } from '../../onnx/errors.js';
import type { GraphBuilder } from '../../onnx/build/build.js';
import { nodeLabel, type Graph, type Model, type Node } from '../../onnx/graph/graph.js';
import { expectWithin } from '../../onnx/graph/limits.js';
import { Types } from '../../onnx/shapes/types.js';
import { ChannelAxes } from '../graphs/axes.js';
import { boxScores } from '../graphs/detections.js';
import { ancestors, producersOf } from '../graphs/links.js';
import { scorePlace, type ScorePlace } from '../graphs/score-place.js';
import { pickingNode, scoresBehind, type Activation, type FoundScores } from '../graphs/scores-behind.js';
import { labelsOfMetadata } from '../labels/class-names.js';
import { readGanMetadata } from './metadata.js';

/** A network's scores before their activation. */
export interface ScoreHead extends ScorePlace {
  /**
   * `discriminator`: one logit per picture, known to tell real from fake; `single`: one score per picture; `classifier`: one
   * per class; `dense`: one per class and position; `boxes`: one per class and box of a detector.
   */
  kind: 'discriminator' | 'single' | 'classifier' | 'dense' | 'boxes';
  /** Name of the value with the logits. */
  logits: string;
  /** The activation after the logits; missing if the network ends with them. */
  activation?: Activation;
  /** If the value has other numbers too: the range of the scores on the class axis, and the index of a common factor. */
  within?: { from: number; to: number; object?: number };
  /** Whether the network is known to be a discriminator: our own networks, and patch discriminators. */
  verdict?: true;
  /** Whether this is a binary classifier with one score. */
  binary?: true;
  /** Classes that the explained output shows, where it shows some of a softmax only. */
  part?: readonly number[];
}

/** A head with details of the search. */
export interface FoundHead {
  head: ScoreHead;
  /** The selected output, and the node that computes it from the scores. */
  output: string;
  through?: string;
  /** Further outputs that could be explained. */
  others: readonly string[];
}

/** Logits per picture, over all positions. */
export function scoreCount({ classes, grid }: ScorePlace): number {
  return classes * (grid ? grid.height * grid.width : 1);
}

/**
 * Finds the logits, before the activation. The output is the one that the metadata marks as logits, that is named `logit`, or
 * that is computed from the others. Integer outputs (such as an argmax) are traced back to their scores.
 * @param model of our dialect, in topological order, with a fixed picture size
 * @param wanted name of an output, or of any value in the graph
 * @throws InputError if the value does not exist, or is not one score per picture, per class, or per class and position
 */
export function scoreHead(model: Model, wanted?: string): ScoreHead {
  return findScoreHead(model, wanted).head;
}

/** The same, with details of the search. */
export function findScoreHead(model: Model, wanted?: string): FoundHead {
  const reader = new HeadReader(model);
  if (wanted !== undefined) {
    knownValue(model.graph, wanted);
    return { head: reader.head(wanted), output: wanted, others: [], ...reader.through(wanted) };
  }
  const { outputs } = model.graph;
  if (outputs.length === 0)
    throw new InputError({ name: 'model', expected: 'an output with scores', got: 'a graph without outputs' });
  const stated = readGanMetadata(model.metadata)?.logits ?? ['logit'];
  const named = outputs.find(({ name }) => stated.includes(name));
  const candidates = reader.candidates(named ? [named.name] : outputs.map(({ name }) => name));
  const [chosen] = candidates;
  // Report the error of the first output.
  if (!chosen) return { head: reader.head(outputs[0]?.name ?? ''), output: outputs[0]?.name ?? '', others: [] };
  const others = candidates.slice(1).map(({ output }) => output);
  return { ...chosen, others, ...reader.through(chosen.output) };
}

/** @throws InputError listing the available outputs */
function knownValue(graph: Graph, name: string): void {
  if (graph.nodes.some(({ outputs }) => outputs.includes(name))) return;
  const outputs = graph.outputs.map((output) => output.name).join(', ');
  throw new InputError({ name: 'output', expected: `${outputs}, or another value of the graph`, got: `"${name}"` });
}

interface Candidate {
  output: string;
  head: ScoreHead;
}

/** Finds the heads of one model. */
class HeadReader {
  readonly #model: Model;
  readonly #types: Types;
  readonly #producers: Map<string, Node>;
  readonly #axes: ChannelAxes;
  readonly #names: number | undefined;

  constructor(model: Model) {
    this.#model = model;
    this.#types = Types.of(model.graph);
    this.#producers = producersOf(model.graph);
    this.#axes = new ChannelAxes(model.graph, this.#types);
    this.#names = labelsOfMetadata(model.metadata)?.length;
  }

  /** Outputs with readable scores; the explained one comes first. */
  candidates(outputs: readonly string[]): Candidate[] {
    const read = outputs.flatMap((output): Candidate[] => {
      const head = this.#tryHead(output);
      return head ? [{ output, head }] : [];
    });
    const bases = new Set<string>();
    const distinct = read.filter(({ head: { logits } }) => {
      const base = this.#beforeReshapes(logits);
      return !bases.has(base) && bases.add(base);
    });
    const withoutBoxes = partnersOfBoxes(distinct);
    // An output that others are computed from is an intermediate feature.
    const made = withoutBoxes.map(({ head: { logits } }) => ancestors(this.#model.graph, logits));
    const ends = withoutBoxes.filter(
      ({ head: { logits } }, at) => !made.some((values, other) => other !== at && values.has(logits)),
    );
    const [first] = ends;
    if (!first) return [];
    // Auxiliary heads have the same classes but fewer layers before them.
    const depth = ({ head: { logits } }: Candidate) => ancestors(this.#model.graph, logits).size;
    const alike = ends.filter(
      ({ head: { kind, classes } }) => kind === first.head.kind && classes === first.head.classes,
    );
    const [main = first] = alike.toSorted((a, b) => depth(b) - depth(a));
    return [main, ...ends.filter((each) => each !== main)];
  }

  /** The node that computes the output from its scores. */
  through(output: string): { through?: string } {
    const through = this.#found(output)?.through;
    return through === undefined ? {} : { through };
  }

  #tryHead(output: string): ScoreHead | undefined {
    try {
      return this.head(output);
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  #found(output: string): FoundScores | undefined {
    return scoresBehind({ producers: this.#producers, types: this.#types }, output);
  }

  /** @throws InputError unless the output is computed from scores */
  head(output: string): ScoreHead {
    const graph = { producers: this.#producers, types: this.#types };
    const found = this.#found(output);
    const boxes = found && boxScores(graph, found.value, this.#names);
    if (found && boxes) return this.#boxes(found, boxes);
    const picked = found?.through === undefined ? pickingNode(graph, output) : undefined;
    if (!found || picked) throw this.#unreadable(output, picked);
    const direct = this.#beforeReshapes(found.value);
    const activation = found.activation ?? this.#activationOf(direct);
    const shape = this.#types.shape(found.value) ?? this.#statedShape(found.value);
    const place = scorePlace(shape, {
      batch: this.#model.graph.inputs[0]?.value?.shape?.[0],
      classAxis: found.classAxis ?? this.#axes.of(found.value),
      picture: this.#picture,
      names: this.#names,
    });
    if (!place) throw this.#unreadable(output);
    this.#expectWithin(place, output);
    const verdict = place.classes === 1 && this.#isVerdict(found.value, place);
    const kind = place.grid ? 'dense' : place.classes > 1 ? 'classifier' : verdict ? 'discriminator' : 'single';
    const binary = kind === 'single' && (activation === 'sigmoid' || this.#names === 2);
    return {
      kind,
      logits: found.value,
      ...place,
      ...(activation && { activation }),
      ...(verdict && { verdict }),
      ...(binary && { binary }),
      ...(found.part && { part: found.part }),
    };
  }

  #expectWithin(place: ScorePlace, output: string): void {
    const batch = this.#model.graph.inputs[0]?.value?.shape?.[0];
    expectWithin('classes', place.classes, `output "${output}"`);
    expectWithin('runElements', scoreCount(place) * (typeof batch === 'number' ? batch : 1), `output "${output}"`);
  }

  #boxes(found: FoundScores, boxes: NonNullable<ReturnType<typeof boxScores>>): ScoreHead {
    const shape = this.#types.shape(boxes.logits ?? found.value) ?? [];
    const width = Number(shape[boxes.axis === 1 ? 2 : 1]);
    return {
      kind: 'boxes',
      logits: boxes.logits ?? found.value,
      classes: boxes.to - boxes.from,
      grid: { height: 1, width },
      classAxis: boxes.axis,
      ...(boxes.logits !== undefined && { activation: 'sigmoid' as const }),
      ...(boxes.logits === undefined && {
        within: { from: boxes.from, to: boxes.to, ...(boxes.object !== undefined && { object: boxes.object }) },
      }),
    };
  }

  /** The activation that computes another output from the same logits. */
  #activationOf(direct: string): Activation | undefined {
    return this.#model.graph.outputs
      .map(({ name }) => this.#found(name))
      .find((found) => found?.activation && this.#beforeReshapes(found.value) === direct)?.activation;
  }

  #beforeReshapes(value: string): string {
    for (let at = value; ;) {
      const node = this.#producers.get(at);
      if (!node || !movers.has(node.op) || node.domain !== '') return at;
      at = node.inputs[0] as string;
    }
  }

  #statedShape(value: string) {
    return this.#model.graph.outputs.find(({ name }) => name === value)?.value?.shape;
  }

  get #picture(): { height: number; width: number } | undefined {
    const [, a, b, c] = this.#model.graph.inputs[0]?.value?.shape ?? [];
    const isLast = typeof c === 'number' && c <= 4 && typeof a === 'number' && a > 4;
    const [height, width] = isLast ? [a, b] : [b, c];
    return typeof height === 'number' && typeof width === 'number' ? { height, width } : undefined;
  }

  /**
   * Known from our metadata. Otherwise a grid of single scores is a patch discriminator if it is coarser than the picture and
   * no operator before it upsamples.
   */
  #isVerdict(logits: string, { grid }: ScorePlace): boolean {
    if (readGanMetadata(this.#model.metadata)?.role === 'discriminator') return true;
    const picture = this.#picture;
    if (!grid || !picture || grid.height * 2 > picture.height || grid.width * 2 > picture.width) return false;
    const before = ancestors(this.#model.graph, logits);
    const nodes = this.#model.graph.nodes.filter(({ outputs }) => outputs.some((name) => before.has(name)));
    return !nodes.some(({ op }) => refining.has(op)) && nodes.some(({ op }) => op === 'Conv');
  }

  #unreadable(output: string, picked?: Node): InputError {
    const shape = this.#types.shape(output);
    const type = this.#types.get(output)?.type ?? 'values';
    const got = picked
      ? `boxes that ${nodeLabel(picked)} has picked by their scores`
      : shape
        ? `${type === 'float32' ? '' : `${type} `}[${shape.join(', ')}]`
        : 'a shape that cannot be inferred';
    return new InputError(
      `output "${output}": expected one score per picture, one per class [batch, classes], or one per class and position ` +
        `[batch, classes, height, width]; got ${got}${this.#workingValue(output)}`,
    );
  }

  /** A value with scores before an output, as a suggestion in errors. */
  #workingValue(output: string): string {
    const before = ancestors(this.#model.graph, output);
    const nodes = this.#model.graph.nodes.toReversed();
    const scoring = nodes.filter(({ op, outputs: [value = ''] }) => scores.has(op) && before.has(value));
    const found = scoring
      .flatMap(({ outputs }) => outputs[0] ?? [])
      .find((value) => value !== output && scorePlace(this.#types.shape(value), this.#hints(value)));
    return found === undefined ? '' : `; \`output\` ${found} can be explained`;
  }

  #hints(value: string) {
    return {
      batch: this.#model.graph.inputs[0]?.value?.shape?.[0],
      classAxis: this.#axes.of(value),
      picture: this.#picture,
      names: this.#names,
    };
  }
}

/** Operators that only move scores. */
const movers = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout', 'Transpose', 'Cast']);
/** Operators that upsample. */
const refining = new Set(['Resize', 'Upsample', 'ConvTranspose', 'DepthToSpace', 'MaxUnpool', 'Col2Im', 'GridSample']);
/** Operators that may end with scores. */
const scores = new Set(['Gemm', 'MatMul', 'Conv', 'Add', 'Sigmoid', 'Softmax']);

/** Without outputs of four coordinates for each box that another output scores, which becomes a detector's. */
function partnersOfBoxes(candidates: readonly Candidate[]): Candidate[] {
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
  if (coordinates.length === 0) return [...candidates];
  const counts = new Set(coordinates.map(({ head }) => head.grid?.width));
  return candidates
    .filter((each) => !coordinates.includes(each))
    .map((each) =>
      each.head.kind === 'dense' && each.head.grid?.height === 1 && counts.has(each.head.grid.width)
        ? { ...each, head: { ...each.head, kind: 'boxes' } }
        : each,
    );
}

/**
 * Appends the scores as rows [N, classes · positions], class by class.
 * @param b builder of the head's model
 */
export function appendScoreRows(b: GraphBuilder, head: ScoreHead, name = 'logits'): string {
  const { logits, classAxis, within, batchless } = head;
  const rank = b.types.shape(logits)?.length ?? 0;
  const slice = (from: number, to: number) =>
    b.op('Slice', [logits, b.ints([from]), b.ints([to]), b.ints([classAxis ?? 1])], {}, 'class_scores');
  const own = within ? slice(within.from, within.to) : logits;
  const scored =
    within?.object === undefined ? own : b.mul(own, slice(within.object, within.object + 1), 'object_scores');
  // Rows are ordered class by class: the class axis comes before the position axes.
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const lead = batchless ? 0 : 1;
  const order =
    classAxis === undefined || !head.grid
      ? axes
      : [...axes.slice(0, lead), classAxis, ...axes.slice(lead).filter((axis) => axis !== classAxis)];
  const moved = order.every((axis, at) => axis === at) ? scored : b.transpose(scored, order, 'classes_first');
  return b.op('Reshape', [moved, b.ints([-1, scoreCount(head)])], {}, name);
}
