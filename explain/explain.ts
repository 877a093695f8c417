/** @file Explaining pictures: a model with its session, reused from call to call. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { readGanMetadata } from '../inference/metadata.js';
import {
  channelsLast,
  fixedSizeModel,
  networkInputOf,
  networkView,
  preparedPictures,
  type NetworkInput,
} from '../inference/network-input.js';
import type { Picture, PictureInput } from '../inference/pictures.js';
import { scoreHead, type ScoreHead } from '../inference/score-head.js';
import { createdSession, type ResolvedDevice } from '../inference/session.node.js';
import { InputError, loadedModel, type Model } from '../onnx/index.js';
import { upgradedModel } from '../onnx/upgrade.js';
import { camGraph, type CamGraph, type CamOutputs } from './cam.js';
import { convLayers, selectedLayers, type Layer, type LayerChoice } from './layers.js';
import { checkedMethods, methodNames, type MethodName } from './methods.js';
import { mapReason, normalizedMap, type MapReason } from './normalize.js';
import { randomizedWeights } from './random-weights.js';
import { targetProbability, targetsOf, targetWeights, topClass, type Target } from './targets.js';

/** One map: a picture explained at a layer by a method. */
export interface Explanation {
  /** Position of the picture in the call. */
  picture: number;
  layer: Layer;
  method: MethodName;
  /** What is explained; the picture's top class where no class was asked for. */
  target: Target;
  /** The target's value before sigmoid or softmax: +logit for `real`, −logit for `fake`, the logit of a class. */
  score: number;
  /** The network's probability of the class, or of being real for both `real` and `fake`, if it ends with one. */
  probability?: number;
  /** Σ_k w_k A_k [rawHeight, rawWidth] in the units of the score's gradient. */
  signed: Float32Array;
  /** ReLU of `signed`: the map of the papers. */
  raw: Float32Array;
  rawHeight: number;
  rawWidth: number;
  /** `raw` at the size of the network's input [height, width], 0…1, as `normalizedMap` makes it. */
  normalized: Float32Array;
  height: number;
  width: number;
  /** Largest |∂score/∂A|. */
  largestGradient: number;
  /** Why the map shows nothing; missing where it shows something. */
  reason?: MapReason;
}

/** How a model is loaded. */
export interface ExplainerOptions {
  /** Where it runs, default `cpu`. */
  device?: ResolvedDevice;
  /** Replace the weights by random ones of this seed (`randomizedWeights`). */
  randomWeights?: number;
  /** How pictures are prepared, where the model's metadata do not say so. */
  preparation?: Pick<PictureInput, 'normalization' | 'resize'>;
}

/** What to explain. */
export interface ExplainOptions {
  /** Default `last-conv`. */
  layers?: LayerChoice;
  /** Default all. */
  methods?: readonly MethodName[];
  /** One for all pictures or one per picture; default `fake` for discriminators, the picture's top class for classifiers. */
  targets?: Target | readonly Target[];
}

/** Pictures per run of models with an open batch size. */
const MAX_BATCH = 8;

/**
 * Explains the scores of a discriminator or classifier.
 *
 * @example
 * const explainer = await Explainer.load('discriminator.onnx');
 * const [map] = await explainer.explain([await decodedPicture('bird.jpg')], { methods: ['gradcam'], targets: 'fake' });
 * await explainer.dispose();
 */
export class Explainer {
  /** How the network takes pictures. */
  readonly input: NetworkInput;
  /** Where its scores are. */
  readonly head: ScoreHead;
  readonly #model: Model;
  readonly #device: ResolvedDevice;
  #current?: { key: string; graph: CamGraph; session: InferenceSession };

  private constructor(model: Model, { device = 'cpu', preparation }: ExplainerOptions) {
    const metadata = readGanMetadata(model.metadata);
    if (metadata?.role === 'generator') {
      throw new InputError('--model: expected a discriminator or a classifier; got a generator');
    }
    this.input = networkInputOf(model, metadata ?? preparation);
    this.#model = fixedSizeModel(model, this.input);
    this.#device = device;
    this.head = scoreHead(this.#model);
  }

  /**
   * @param source an .onnx file, or a model in memory of any opset
   * @throws InputError if it is no model with one picture input and one score per picture or class, or holds operators that
   *   are not supported
   */
  static async load(source: string | Model, options: ExplainerOptions = {}): Promise<Explainer> {
    const model = upgradedModel(typeof source === 'string' ? await loadedModel(source) : source);
    const { randomWeights } = options;
    return new Explainer(randomWeights === undefined ? model : randomizedWeights(model, randomWeights), options);
  }

  /** The network's convolutions with their indices. */
  layers(): Layer[] {
    return convLayers(this.#model.graph);
  }

  /** What the network sees of a picture, large enough to look at; maps belong on this, not on the whole picture. */
  view(picture: Picture, minSide?: number): Picture {
    return networkView(picture, this.input, minSide);
  }

  /**
   * Class activation maps of pictures of any size, prepared as the network wants them.
   * @returns one for each picture, layer and method, in that order of loops
   * @throws InputError for no pictures, or layers, methods or targets that do not fit the network
   */
  async explain(pictures: readonly Picture[], options: ExplainOptions = {}): Promise<Explanation[]> {
    return this.explainInput(preparedPictures(pictures, this.input), options);
  }

  /**
   * The same for numbers that are already prepared.
   * @param batch [N, C, H, W] of the network's input size, whatever its layout
   */
  async explainInput(batch: Float32Array, options: ExplainOptions = {}): Promise<Explanation[]> {
    const { channels, height, width } = this.input.picture;
    const size = channels * height * width;
    const count = batch.length / size;
    if (count === 0 || !Number.isInteger(count)) {
      throw new InputError(
        `pictures: expected at least one of ${channels}×${height}×${width} numbers; got ${batch.length} numbers`,
      );
    }
    const targets = targetsOf(this.head, options.targets, count);
    const { graph, session } = await this.#prepared(options);
    const perRun = this.input.batch ?? Math.min(count, MAX_BATCH);
    const explanations: Explanation[] = [];
    for (let start = 0; start < count; start += perRun) {
      const part = batch.subarray(start * size, (start + perRun) * size);
      const own = targets.slice(start, start + perRun);
      const results = await session.run(this.#feeds(graph, part, own, perRun));
      own.forEach((target, row) =>
        explanations.push(
          ...explanationsOf(graph, results, row, target).map((each) => this.#finished(each, start + row)),
        ),
      );
    }
    return explanations;
  }

  /** Frees the session. */
  async dispose(): Promise<void> {
    await this.#current?.session.release();
    this.#current = undefined;
  }

  /** The graph and session of these layers and methods; those of the last call are kept. */
  async #prepared({ layers: choice, methods: names = methodNames }: ExplainOptions) {
    const methods = checkedMethods(names);
    const layers = selectedLayers(this.#model.graph, choice);
    const key = JSON.stringify([layers.map(({ value }) => value), methods]);
    if (this.#current?.key === key) return this.#current;
    const graph = camGraph(this.#model, { layers, methods });
    await this.dispose();
    this.#current = { key, graph, session: await createdSession(graph.model, { device: this.#device }) };
    return this.#current;
  }

  /** A run's inputs. A model with a fixed batch gets its last picture as often as it takes to fill it. */
  #feeds(graph: CamGraph, part: Float32Array, targets: readonly (Target | undefined)[], perRun: number) {
    const { layout, batch, picture } = this.input;
    const { channels, height, width } = picture;
    const count = batch === undefined ? targets.length : perRun;
    const size = channels * height * width;
    const data = new Float32Array(count * size);
    const weights = new Float32Array(count * this.head.classes);
    for (let row = 0; row < count; row++) {
      const from = Math.min(row, targets.length - 1);
      data.set(part.subarray(from * size, (from + 1) * size), row * size);
      weights.set(targetWeights(this.head, targets[from]), row * this.head.classes);
    }
    return {
      [graph.input]:
        layout === 'NCHW'
          ? new Tensor('float32', data, [count, channels, height, width])
          : new Tensor('float32', channelsLast(data, picture), [count, height, width, channels]),
      [graph.targetWeights]: new Tensor('float32', weights, [count, this.head.classes]),
    };
  }

  #finished(map: RawExplanation, picture: number): Explanation {
    const { height, width } = this.input.picture;
    const normalized = normalizedMap(map.raw, map.rawHeight, map.rawWidth, height, width);
    return { ...map, picture, normalized, height, width };
  }
}

type RawExplanation = Omit<Explanation, 'picture' | 'normalized' | 'height' | 'width'>;

/** The maps of one picture of a run. */
function explanationsOf(
  graph: CamGraph,
  results: InferenceSession.OnnxValueMapType,
  row: number,
  asked: Target | undefined,
): RawExplanation[] {
  const logits = rowOf(results, graph.logits, row).data;
  const target = asked ?? topClass(logits);
  const score = rowOf(results, graph.score, row).data[0] ?? Number.NaN;
  const probability = targetProbability(graph.head, logits, target);
  const common = { target, score, ...(probability !== undefined && { probability }) };
  const ofLayer = ({ layer, connected, largestGradient: gradient, maps }: CamOutputs): RawExplanation[] => {
    const largestGradient = rowOf(results, gradient, row).data[0] ?? Number.NaN;
    return maps.map((map) => {
      const { data: signed, dims } = rowOf(results, map.signed, row);
      const [rawHeight = 1, rawWidth = 1] = dims;
      const reason = mapReason({ signed, largestGradient, connected });
      const raw = rowOf(results, map.raw, row).data;
      return {
        ...common,
        layer,
        method: map.method,
        signed,
        raw,
        rawHeight,
        rawWidth,
        largestGradient,
        ...(reason && { reason }),
      };
    });
  };
  return graph.layers.flatMap(ofLayer);
}

/** One picture's part of an output, copied. */
function rowOf(
  results: InferenceSession.OnnxValueMapType,
  name: string,
  row: number,
): { data: Float32Array; dims: number[] } {
  const { data, dims } = results[name] as Tensor;
  const [, ...rest] = dims;
  const size = rest.reduce((product, dim) => product * dim, 1);
  return { data: (data as Float32Array).slice(row * size, (row + 1) * size), dims: rest };
}
