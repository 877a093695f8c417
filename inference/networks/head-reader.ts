/** @file Reads the scores behind an output: their place, kind and activation. */
import { InputError } from '../../onnx/errors.js';
import { nodeLabel, type Dim, type Model, type Node } from '../../onnx/graph/graph.js';
import { expectWithin } from '../../onnx/graph/limits.js';
import { Types } from '../../onnx/shapes/types.js';
import { ChannelAxes } from '../graphs/axes.js';
import { areProbabilities, boxScores, hasCoordinates, type BoxScores } from '../graphs/detections.js';
import { featureEnd, type FeatureEnd } from '../graphs/outputs/features.js';
import { producersOf } from '../../onnx/graph/neighbours.js';
import { ancestors, descendants } from '../graphs/links.js';
import { hasPictureSize, pictureEvidence } from '../graphs/outputs/picture-output.js';
import { ranksBoxes, secondStage } from '../graphs/outputs/proposals.js';
import { scorePlace, type ScorePlace } from '../graphs/score-place.js';
import {
  pickingNode,
  scoresBehind,
  weighted,
  type Activation,
  type FoundScores,
  type KnownGraph,
} from '../graphs/scores-behind.js';
import { labelsOfMetadata } from '../labels/class-names.js';
import { readGanMetadata } from './metadata.js';
import { scoreCount, type ScoreHead } from './score-head.js';

/** The scores behind an output. */
export interface ReadHead {
  head: ScoreHead;
  /** The node that computes the output from its scores. */
  through?: string;
}

/** Reads the heads of one model. */
export class HeadReader {
  readonly #model: Model;
  readonly #graph: KnownGraph;
  readonly #axes: ChannelAxes;
  readonly #names: number | undefined;

  /** @param model of our dialect, in topological order, with a fixed picture size */
  constructor(model: Model) {
    this.#model = model;
    const types = Types.of(model.graph);
    this.#graph = { producers: producersOf(model.graph), types };
    this.#axes = new ChannelAxes(model.graph, types);
    this.#names = labelsOfMetadata(model.metadata)?.length;
  }

  /** @throws InputError unless the output is computed from scores */
  read(output: string): ReadHead {
    const found = this.#found(output);
    const boxes = found && boxScores(this.#graph, found.value, this.#names);
    const picked = boxes || found?.through !== undefined ? undefined : pickingNode(this.#graph, output);
    const head = found && !picked && (boxes ? this.#boxes(found, boxes) : this.#head(found, output));
    if (!head) throw this.#unreadable(output, picked);
    this.#expectPositions(head);
    const batch = this.#batch;
    expectWithin('classes', head.classes, `output "${output}"`);
    expectWithin('runElements', scoreCount(head) * (typeof batch === 'number' ? batch : 1), `output "${output}"`);
    return { head, ...(found.through !== undefined && { through: found.through }) };
  }

  /** The same of a value that the user has named, which may score the boxes of another value. */
  readNamed(value: string): ReadHead {
    const found = this.read(value);
    const { kind, classes, grid, logits } = found.head;
    if (kind !== 'classifier' || grid || !ranksBoxes(this.#model.graph, logits)) return this.asBoxes(found, value);
    return { ...found, head: { ...found.head, kind: 'boxes', classes: 1, grid: { height: 1, width: classes } } };
  }

  /** A head with scores of positions in one row as one of boxes, if other values hold as many boxes. */
  asBoxes<T extends ReadHead>(found: T, value: string): T {
    const { kind, classes, grid } = found.head;
    const scoresBoxes =
      kind === 'dense' &&
      classes > 1 &&
      grid?.height === 1 &&
      hasCoordinates(this.#model.graph, this.#graph.types, grid.width, value);
    return scoresBoxes ? { ...found, head: { ...found.head, kind: 'boxes' } } : found;
  }

  /** The same as `read`, or undefined where it is not computed from scores. */
  tryRead(output: string): ReadHead | undefined {
    try {
      return this.read(output);
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** Where the numbers of a head without names and activation end as features, if they do. */
  featureEnd({ head: { kind, logits, activation } }: ReadHead): FeatureEnd | undefined {
    if (kind !== 'classifier' || activation || this.#names !== undefined) return undefined;
    return featureEnd(this.#graph, logits);
  }

  /** The value that reshapes and the like have made a value of. */
  beforeReshapes(value: string): string {
    for (let at = value; ;) {
      const node = this.#graph.producers.get(at);
      if (!node || !movers.has(node.op) || node.domain !== '') return at;
      at = node.inputs[0] as string;
    }
  }

  #found(output: string): FoundScores | undefined {
    return scoresBehind(this.#graph, output);
  }

  #head(found: FoundScores, output: string): ScoreHead | undefined {
    const activation = found.activation ?? this.#activationOf(this.beforeReshapes(found.value));
    const place = this.#place(found.value, found.classAxis);
    if (!place) return undefined;
    const verdict = place.classes === 1 && this.#isVerdict(found.value, place);
    const kind = place.grid ? 'dense' : place.classes > 1 ? 'classifier' : verdict ? 'discriminator' : 'single';
    const binary = kind === 'single' && (activation === 'sigmoid' || this.#names === 2);
    return {
      kind,
      logits: found.value,
      ...place,
      ...(activation && { activation }),
      ...(!activation && areProbabilities(this.#graph, found.value) && { quantity: 'probability' as const }),
      ...(verdict && { verdict }),
      ...(binary && { binary }),
      ...(found.part && { part: found.part }),
      ...(activation !== 'softmax' && found.through === undefined && this.#pictureOf(output, place)),
    };
  }

  #pictureOf(output: string, { classes, grid }: ScorePlace): Pick<ScoreHead, 'picture'> {
    const picture = this.#picture;
    if (this.#names !== undefined || !grid || !picture || !hasPictureSize(classes, grid, picture)) return {};
    const input = this.#model.graph.inputs[0]?.name ?? '';
    return { picture: pictureEvidence(this.#graph, output, input, grid, picture) ?? 'perhaps' };
  }

  #place(value: string, classAxis = this.#axes.of(value)): ScorePlace | undefined {
    const stated = this.#model.graph.outputs.find(({ name }) => name === value)?.value?.shape;
    const hints = { batch: this.#batch, classAxis, picture: this.#picture, names: this.#names };
    const place = scorePlace(this.#graph.types.shape(value) ?? stated, hints);
    if (place?.grid?.height !== 1 || classAxis !== undefined) return place;
    // Scores [classes, boxes]: other values tell how many boxes there are.
    const { classes, grid } = place;
    const areBoxes = (count: number) => hasCoordinates(this.#model.graph, this.#graph.types, count, value);
    if (areBoxes(grid.width) || !areBoxes(classes) || place.classAxis === undefined) return place;
    return {
      ...place,
      classes: grid.width,
      grid: { height: 1, width: classes },
      classAxis: place.classAxis === 1 ? 2 : 1,
    };
  }

  #boxes(found: FoundScores, { logits, axis, from, to, object }: BoxScores): ScoreHead | undefined {
    const width = this.#graph.types.shape(logits ?? found.value)?.[axis === 1 ? 2 : 1];
    if (typeof width !== 'number') return undefined;
    return {
      kind: 'boxes',
      logits: logits ?? found.value,
      classes: to - from,
      grid: { height: 1, width },
      classAxis: axis,
      ...(logits === undefined
        ? {
            within: { from, to, ...(object !== undefined && { object }) },
            ...(areProbabilities(this.#graph, found.value, { axis, from: object ?? from, to }) && {
              quantity: 'probability' as const,
            }),
          }
        : { activation: 'sigmoid' as const }),
    };
  }

  /** The activation that computes another output from the same logits. */
  #activationOf(direct: string): Activation | undefined {
    return this.#model.graph.outputs
      .map(({ name }) => this.#found(name))
      .find((found) => found?.activation && this.beforeReshapes(found.value) === direct)?.activation;
  }

  get #batch(): Dim | undefined {
    return this.#model.graph.inputs[0]?.value?.shape?.[0];
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

  /** @throws InputError for single scores on a grid that only a reshape makes, as that may be boxes or classes as well */
  #expectPositions({ kind, logits, classes, grid }: ScoreHead): void {
    const base = this.beforeReshapes(logits);
    const [, count, ...rest] = this.#graph.types.shape(base) ?? [];
    if (kind !== 'dense' || classes !== 1 || !grid || rest.length > 0 || typeof count !== 'number' || count < 2) return;
    const { height, width } = grid;
    throw new InputError({
      name: `output "${logits}"`,
      expected: `scores that can be told: either one score at ${height}×${width} positions, or ${width} numbers of ${height} boxes`,
      got: `${count} numbers without positions, reshaped; \`output\` ${base} explains one of them`,
    });
  }

  #unreadable(output: string, picked?: Node): InputError {
    const shape = this.#graph.types.shape(output);
    const type = this.#graph.types.get(output)?.type ?? 'values';
    const staged = picked && secondStage(this.#model.graph, output);
    const got = staged
      ? staged
      : picked
        ? `boxes that ${nodeLabel(picked)} has picked by their scores`
        : shape
          ? `${type === 'float32' ? '' : `${type} `}[${shape.join(', ')}]`
          : 'a shape that cannot be inferred';
    return new InputError(
      `output "${output}": expected one score per picture, one per class [batch, classes], or one per class and position ` +
        `[batch, classes, height, width]; got ${got}${this.#workingValue(output, picked)}`,
    );
  }

  /** The readable scores behind those that boxes are picked by: of all scales where these are joined. */
  #beforeRanking(ranked: string): string | undefined {
    const values: string[] = [];
    for (let value: string | undefined = ranked; value !== undefined;) {
      const node = this.#graph.producers.get(value);
      values.push(value);
      value = node && node.domain === '' && !weighted.has(node.op) ? node.inputs[0] : undefined;
    }
    const readable = values.filter((value) => this.tryRead(value));
    return readable.find((value) => this.#graph.producers.get(value)?.op === 'Concat') ?? readable[0];
  }

  /** A value with scores before an output, as a suggestion in errors. */
  #workingValue(output: string, picked?: Node): string {
    const ranked = picked?.inputs[picked.op === 'TopK' ? 0 : 1];
    const unranked = ranked === undefined ? undefined : this.#beforeRanking(ranked);
    const { graph } = this.#model;
    if (unranked !== undefined) {
      const what =
        ranksBoxes(graph, unranked) && secondStage(graph, output)
          ? 'explains where the first finds any object'
          : 'can be explained';
      return `; \`output\` ${unranked} ${what}`;
    }
    const before = ancestors(graph, output);
    const after = descendants(graph, graph.inputs[0]?.name ?? '');
    const scoring = graph.nodes
      .toReversed()
      .filter(({ op, outputs: [value = ''] }) => scores.has(op) && before.has(value) && after.has(value));
    const found = scoring
      .flatMap(({ outputs }) => outputs[0] ?? [])
      .find((value) => value !== output && this.#place(value));
    return found === undefined ? '' : `; \`output\` ${found} can be explained`;
  }
}

/** Operators that only move scores. */
const movers = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout', 'Transpose', 'Cast']);
/** Operators that upsample. */
const refining = new Set(['Resize', 'Upsample', 'ConvTranspose', 'DepthToSpace', 'MaxUnpool', 'Col2Im', 'GridSample']);
/** Operators that may end with scores. */
const scores = new Set(['Gemm', 'MatMul', 'Conv', 'Add', 'Sigmoid', 'Softmax']);
