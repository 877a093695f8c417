/** @file The network as metrics see it: confidences, scores, and maps with true or random weights. */
import type { Random } from '../../inference/numeric/random.js';
import type { Explainer, ExplainOptions } from '../maps/explain.js';
import type { Explanation } from '../maps/explanation.js';
import type { MethodName } from '../methods/table.js';
import type { Tensor } from '../../onnx/graph/graph.js';
import { changeUnit, type Subject } from './measures/metric.js';
import { confidenceOf, takenConfidence, type TakenConfidence } from './confidence.js';
import { SharedEnds } from './shared-ends.js';
import { bilinearResized } from '../../inference/numeric/bilinear.js';
import { fixedTarget, targetScore, targetWeights } from '../targets/targets.js';

/** Networks with more and more random weights; the weights of the last are all random. */
const STAGES = 5;

/** A network, and the same with random weights from the top down. */
export class EvaluatedNetwork {
  readonly #randomized = new Map<number, Promise<Explainer>>();
  /** Random weights, which the networks share. */
  readonly #drawn = new Map<string, Tensor>();
  readonly #shared = new Map<string, Promise<unknown>>();
  /** Maps of the current picture and target, by the network and the changed pictures. */
  readonly #explained = new Map<Explainer, Map<Float32Array, Promise<Explanation[]>>>();

  readonly #ends: SharedEnds;

  /**
   * @param explainer stays the caller's
   * @param options with a signal that stops before the next run: its reason is thrown
   */
  constructor(
    readonly explainer: Explainer,
    readonly options: ExplainOptions,
    readonly seed: number,
  ) {
    this.#ends = new SharedEnds(async (pictures) => {
      options.signal?.throwIfAborted();
      return explainer.logits(pictures);
    });
  }

  /**
   * The input of the metrics for one map of one prepared picture [C, H, W].
   * @param names all methods that are measured: their maps of changed pictures are made together
   * @param metric under whose name values are shared between the methods
   * @param object where the object is [H, W]
   * @param onTaken told what is taken for the probability of the target when a metric asks for it, unless it is the network's own
   */
  async subject(
    input: Float32Array,
    explanation: Explanation,
    names: readonly MethodName[],
    {
      random,
      metric,
      object,
      onTaken,
    }: {
      random: Random;
      metric: string;
      object?: Uint8Array | undefined;
      onTaken?: (taken: TakenConfidence) => void;
    },
  ): Promise<Subject> {
    const { explainer } = this;
    const { channels, height, width, normalization } = explainer.input.picture;
    const { target, signed, rawHeight, rawWidth } = explanation;
    const logits = await this.#ends.logits(input, input.length);
    const weights = targetWeights(explainer.head, target, { logits, height, width });
    const rows = async (pictures: Float32Array, valueOf: (logits: Float32Array) => number) => {
      const all = await this.#ends.logits(pictures, input.length);
      const count = weights.length;
      return Float32Array.from({ length: all.length / count }, (_, row) =>
        valueOf(all.subarray(row * count, (row + 1) * count)),
      );
    };
    const taken = takenConfidence(explainer.head, target);
    // A predicted region stays as it is on the true picture: on a changed one the class may be predicted nowhere.
    const fixed = { ...explanation, target: fixedTarget(explainer.head, target, weights) };
    return {
      input,
      size: { channels, height, width },
      unit: changeUnit(normalization),
      map: explanation.normalized,
      attribution: bilinearResized(signed, rawHeight, rawWidth, height, width),
      ...(object && { object }),
      ...sumsOf(explanation),
      scores: (pictures) => rows(pictures, (row) => targetScore(weights, row)),
      confidences: (pictures) => {
        if (taken) onTaken?.(taken);
        return rows(pictures, (row) => confidenceOf(explainer.head, target, weights, row));
      },
      maps: (pictures) => this.#maps(explainer, pictures, fixed, names),
      randomizedMaps: () => this.#randomizedMaps(input, fixed, names),
      normal: () => random.normal(),
      uniform: () => random.uniform(),
      shared: (make) => this.#once(metric, make),
    };
  }

  /** Clears the values that methods share. Call it before the next picture or target. */
  forgetShared(): void {
    this.#shared.clear();
    this.#explained.clear();
    this.#ends.forget();
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#shared.get(name) ?? make();
    this.#shared.set(name, known);
    return known as Promise<T>;
  }

  /** Frees the networks with random weights. */
  async dispose(): Promise<void> {
    for (const explainer of this.#randomized.values()) await (await explainer).dispose();
  }

  /** Maps of pictures [M, C, H, W] by the explanation's method, layer and target. */
  async #maps(
    explainer: Explainer,
    pictures: Float32Array,
    { method, target }: Explanation,
    names: readonly MethodName[],
  ): Promise<Float32Array[]> {
    this.options.signal?.throwIfAborted();
    const known = this.#explained.get(explainer) ?? new Map<Float32Array, Promise<Explanation[]>>();
    this.#explained.set(explainer, known);
    const explained =
      known.get(pictures) ?? explainer.explainInput(pictures, { ...this.options, methods: names, targets: target });
    known.set(pictures, explained);
    return (await explained).filter((each) => each.method === method).map(({ normalized }) => normalized);
  }

  async #randomizedMaps(input: Float32Array, explanation: Explanation, names: readonly MethodName[]) {
    const layers = this.explainer.weightedLayers;
    const tops = Array.from({ length: STAGES }, (_, i) => Math.ceil((layers * (i + 1)) / STAGES));
    const stages: { share: number; map: Float32Array }[] = [];
    for (const top of new Set(tops)) {
      const explainer = this.#randomized.get(top) ?? this.explainer.withRandomWeights(this.seed, top, this.#drawn);
      this.#randomized.set(top, explainer);
      const [map] = await this.#maps(await explainer, input, explanation, names);
      if (map) stages.push({ share: top / layers, map });
    }
    return stages;
  }
}

/** What a map adds up to and should add up to. Relevances should, together with what biases took, add up to the score. */
function sumsOf({ completeness, conservation }: Explanation): Pick<Subject, 'completeness'> {
  if (completeness) return { completeness };
  if (!conservation) return {};
  const { sum, biases, score } = conservation;
  return { completeness: { sum: sum + biases, difference: score } };
}
