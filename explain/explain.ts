/** @file Explaining pictures: a model with its sessions, reused from call to call. */
import { readGanMetadata } from '../inference/metadata.js';
import type { Picture, PictureInput } from '../inference/pictures.js';
import { scoreHead, type ScoreHead } from '../inference/score-head.js';
import type { ResolvedDevice } from '../inference/session.node.js';
import { InputError, loadedModel, type Model } from '../onnx/index.js';
import { upgradedModel } from '../onnx/upgrade.js';
import { convLayers, selectedLayers, type Layer, type LayerChoice } from './layers.js';
import { checkedMethods, defaultMethods, explainsLayer, suitableMethods, type MethodName } from './methods.js';
import { madeMaps, type MadeMap } from './batch-maps.js';
import { Network, type Stage } from './network.js';
import {
  fixedSizeModel,
  networkInputOf,
  networkView,
  preparedPictures,
  type NetworkInput,
} from '../inference/network-input.js';
import { mapReason, normalizedMap, type MapReason } from './normalize.js';
import { checkedRunOptions, type RunOptions } from './picture-runs.js';
import { randomizedWeights } from './random-weights.js';
import { contrastedWeights, targetProbability, targetsOf, targetWeights, topClass, type Target } from './targets.js';

/** One map: a picture explained at a layer by a method. */
export interface Explanation {
  /** Position of the picture in the call. */
  picture: number;
  /** The picture input itself for methods that explain no layer. */
  layer: Layer;
  method: MethodName;
  /** What is explained; the picture's top class where no class was asked for. */
  target: Target;
  /** The target's value before sigmoid or softmax: +logit for `real`, −logit for `fake`, the logit of a class. */
  score: number;
  /** The network's probability of the class, or of being real for both `real` and `fake`, if it ends with one. */
  probability?: number;
  /** The map before ReLU [rawHeight, rawWidth], such as Σ_k w_k A_k in the units of the score's gradient. */
  signed: Float32Array;
  /** ReLU of `signed`: the map of the papers. */
  raw: Float32Array;
  rawHeight: number;
  rawWidth: number;
  /** `raw` at the size of the network's input [height, width], 0…1, as `normalizedMap` makes it. */
  normalized: Float32Array;
  height: number;
  width: number;
  /** Largest |∂score/∂A| (|∂score/∂picture|); missing for methods that take no gradient. */
  largestGradient?: number;
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
  /** Default `gradcam` and `gradcam++`; `all` are all that suit the network. */
  methods?: readonly MethodName[] | 'all';
  /** One for all pictures or one per picture; default `fake` for discriminators, the picture's top class for classifiers. */
  targets?: Target | readonly Target[];
  /** Class activation maps are first principal components of weighted activations instead of sums. Default false. */
  eigen?: boolean;
  /** For methods that take many runs: their chance, noisy copies, their noise as a share of the picture's range, and steps. */
  runs?: Partial<RunOptions>;
}

/**
 * Explains the scores of a discriminator or classifier. Sessions are made once; a picture that was explained before is not
 * run again for another target or method, only what depends on them.
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
  readonly #network: Network;

  private constructor(model: Model, { device = 'cpu', preparation }: ExplainerOptions) {
    const metadata = readGanMetadata(model.metadata);
    if (metadata?.role === 'generator') {
      throw new InputError('--model: expected a discriminator or a classifier; got a generator');
    }
    this.input = networkInputOf(model, metadata ?? preparation);
    this.#model = fixedSizeModel(model, this.input);
    this.head = scoreHead(this.#model);
    this.#network = new Network(this.#model, this.input, this.head, device);
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

  /** How often each stage of the network has run. */
  get runs(): Readonly<Record<Stage, number>> {
    return this.#network.runs;
  }

  /** The network's convolutions with their indices. */
  layers(): Layer[] {
    return convLayers(this.#model.graph);
  }

  /** What the network sees of a picture, large enough to look at; maps belong on this, not on the whole picture. */
  view(picture: Picture, minSide?: number): Picture {
    return networkView(picture, this.input, minSide);
  }

  /** Logits [M, scores] of prepared pictures [M, C, H, W], run in batches. */
  async logits(pictures: Float32Array): Promise<Float32Array> {
    return this.#network.logits(pictures);
  }

  /**
   * Maps of pictures of any size, prepared as the network wants them.
   * @returns one for each picture, layer and method, in that order of loops; those of the picture itself after its layers'
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
    const { methods: names = defaultMethods, eigen = false } = options;
    const suitable = suitableMethods(this.head);
    const methods = names === 'all' ? suitable : checkedMethods(names, suitable);
    const layers = selectedLayers(this.#model.graph, options.layers);
    const targets = targetsOf(this.head, options.targets, count);
    const runs = checkedRunOptions(options.runs);
    const explanations: Explanation[] = [];
    for (let start = 0; start < count; start += this.#network.batch) {
      const end = Math.min(count, start + this.#network.batch);
      const pictures = batch.subarray(start * size, end * size);
      const forward = methods.some(explainsLayer) ? await this.#network.forward(pictures, layers) : undefined;
      const logits = forward?.logits ?? (await this.#network.logits(pictures));
      const row = (at: number) => logits.subarray(at * this.head.classes, (at + 1) * this.head.classes);
      const own = targets.slice(start, end).map((target, at) => target ?? topClass(row(at)));
      const weights = {
        target: joined(own.map((target) => targetWeights(this.head, target))),
        contrast: joined(own.map((target, at) => contrastedWeights(row(at), target))),
      };
      const maps = await madeMaps(this.#network, { pictures, weights, logits, forward, methods, eigen, runs });
      own.forEach((target, at) =>
        explanations.push(
          ...maps.filter((map) => map.row === at).map((map) => this.#explanation(map, start + at, target, row(at))),
        ),
      );
    }
    return explanations;
  }

  /** Frees the sessions. */
  async dispose(): Promise<void> {
    await this.#network.dispose();
  }

  #explanation(made: MadeMap, picture: number, target: Target, logits: Float32Array): Explanation {
    const { height, width } = this.input.picture;
    const { map, layer, method, largestGradient, connected } = made;
    const raw = map.data.map((value) => Math.max(value, 0));
    const reason = mapReason({
      signed: map.data,
      connected,
      ...(largestGradient !== undefined && { largestGradient }),
    });
    const probability = targetProbability(this.head, logits, target);
    return {
      picture,
      layer,
      method,
      target,
      score: targetWeights(this.head, target).reduce((sum, weight, at) => sum + weight * (logits[at] ?? 0), 0),
      ...(probability !== undefined && { probability }),
      signed: map.data,
      raw,
      rawHeight: map.height,
      rawWidth: map.width,
      normalized: normalizedMap(raw, map.height, map.width, height, width),
      height,
      width,
      ...(largestGradient !== undefined && { largestGradient }),
      ...(reason && { reason }),
    };
  }
}

/** Rows of one length after each other. */
function joined(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * size);
  rows.forEach((row, index) => all.set(row, index * size));
  return all;
}
