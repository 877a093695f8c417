/** @file How a model is loaded for explanations, and what is explained. */
import type { NetworkOptions } from '../../inference/networks/model-source.js';
import type { ReadOptions } from '../../inference/networks/read-network.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import type { MethodName } from '../methods/table.js';
import type { LayerChoice } from '../network/layers.js';
import type { TargetChoice } from '../targets/target-choice.js';
import type { RunOptions } from './picture-runs.js';

/** How a model is loaded. */
export interface ExplainerOptions extends NetworkOptions, ReadOptions {
  /** Replace the weights by random ones of this seed (`randomizedWeights`). */
  randomWeights?: number;
  /** The output to explain, or any value of the graph; default the first, or the one that holds logits. */
  output?: string;
  /** Whether other work needs the cores while the network runs, as where files are drawn meanwhile. Default false. */
  sharesCores?: boolean;
  /** Names of the classes, where the model's metadata do not say so. */
  labels?: readonly string[];
  /** Explain probabilities, after softmax or sigmoid, instead of the scores before them. Default false. */
  afterSoftmax?: boolean;
  /**
   * Explain how similar the picture's features are to those of this one (cosine) instead of scores. Features are what enters
   * the last layer, or `output`.
   */
  similarTo?: Picture;
}

/** What to explain. */
export interface ExplainOptions {
  /** Default `auto`: the last layer with positions that the score depends on, of a classifier after its activation. */
  layers?: LayerChoice;
  /** The grid of layers of tokens, where it cannot be told from their number. */
  tokens?: { height: number; width: number };
  /** Default `gradcam` and `gradcam++`; `all` are all that suit the network. */
  methods?: readonly MethodName[] | 'all';
  /** One for all pictures or one per picture, or several of one picture; see `resolvedTargets` for the default. */
  targets?: TargetChoice | readonly TargetChoice[];
  /** Average the maps of six views of each picture (`augmentedViews`). Default false. */
  augment?: boolean;
  /** Class activation maps are first principal components of weighted activations instead of sums. Default false. */
  eigen?: boolean;
  /** For methods that take many runs: their seed, noise, baselines, and how many runs they take. */
  runs?: Partial<RunOptions>;
  /** Told how many forward passes of a map by masks are done. @param picture position in the call */
  onRuns?(this: void, progress: RunProgress): void;
  /** Stops maps that take many runs, between two of them: its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** How much of a map that takes many forward passes is done. */
export interface RunProgress {
  /** Position of the picture in the call. */
  picture: number;
  method: MethodName;
  loaded: number;
  total: number;
}
