/** @file The graphs that explain a network, each built once. */
import type { NetworkInput } from '../../../inference/networks/network-input.js';
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import type { Composite } from '../../../onnx/gradient/relevance/composite.js';
import type { Model } from '../../../onnx/graph/graph.js';
import type { Backward, ScoredGraph } from '../../methods/kinds/method.js';
import type { MethodName } from '../../methods/table.js';
import type { Layer } from '../../layers/layer.js';
import { finitenessModel, type FinitenessModel } from '../../causes/non-finite.js';
import { slopesModel, type SlopesModel } from '../../causes/saturation.js';
import { scoredNetwork } from './scored-network.js';
import {
  appendedModel,
  cutStages,
  fullGradientModel,
  layerStages,
  logitsModel,
  mapsModel,
  multiplierModel,
  pictureGradientModel,
  type CutStages,
  type LayerStages,
  type MapsModel,
  type MapsOf,
} from './stages.js';
import { layerMultipliers, layerPath, type LayerMultipliers, type LayerPath } from './layer-contributions.js';
import { relevanceModel } from './relevance-model.js';
import { lookModel, type LookModel } from './look-model.js';
import { wholeModel, type WholeModel } from './whole-model.js';

/** A graph, and the key of the sessions that run it. */
export type Keyed<T> = T & { key: string };

/** Builds graphs when they are first wanted. */
export class Graphs {
  readonly #made = new Map<string, unknown>();

  constructor(
    readonly model: Model,
    readonly head: ScoreHead,
    readonly input: NetworkInput,
  ) {}

  logits(): Keyed<ReturnType<typeof logitsModel>> {
    return this.#once(['logits'], () => logitsModel(this.model, this.head));
  }

  pictureGradient(backward: Backward): Keyed<ReturnType<typeof pictureGradientModel>> {
    return this.#once(['picture', backward], () => pictureGradientModel(this.model, this.head, this.input, backward));
  }

  multipliers(): Keyed<ReturnType<typeof multiplierModel>> {
    return this.#once(['multipliers'], () => multiplierModel(this.model, this.head, this.input));
  }

  relevance(composite: Composite): Keyed<ReturnType<typeof relevanceModel>> {
    return this.#once(['relevance', composite], () => relevanceModel(this.model, this.head, this.input, composite));
  }

  fullGradient(): Keyed<ReturnType<typeof fullGradientModel>> {
    return this.#once(['full'], () => fullGradientModel(this.model, this.head, this.input));
  }

  /** @param key the same for the same values */
  appended(
    key: string,
    layer: Layer,
    append: (network: ScoredGraph) => string[],
  ): Keyed<ReturnType<typeof appendedModel>> {
    return this.#once(['appended', key, keyOf(layer)], () => appendedModel(this.model, this.head, layer, append));
  }

  layers(layers: readonly Layer[]): Keyed<LayerStages> {
    return this.#once(['layers', layers.map(keyOf)], () => layerStages(this.model, this.head, layers));
  }

  look(layers: readonly Layer[], count: number): Keyed<LookModel> {
    return this.#once(['look', layers.map(keyOf), count], () => lookModel(this.model, this.head, layers, count));
  }

  cut(layer: Layer): Keyed<CutStages> {
    return this.#once(['cut', layer.value], () => cutStages(this.model, this.head, layer));
  }

  layerPath(layer: Layer): Keyed<LayerPath> {
    return this.#once(['path', keyOf(layer)], () => layerPath(this.model, this.head, layer));
  }

  layerMultipliers(layer: Layer): Keyed<LayerMultipliers> {
    return this.#once(['layer multipliers', keyOf(layer)], () => layerMultipliers(this.model, this.head, layer));
  }

  finiteness(from: string): Keyed<FinitenessModel> {
    return this.#once(['finiteness', from], () =>
      finitenessModel(this.model, scoredNetwork(this.model, this.head, [from]), from),
    );
  }

  slopes(from: string): Keyed<SlopesModel> {
    return this.#once(['slopes', from], () => slopesModel(this.model, this.head, from));
  }

  whole(layers: readonly Layer[], methods: readonly MethodName[], eigen: boolean): Keyed<WholeModel> {
    const parts = ['whole', eigen, methods, layers.map(keyOf)];
    return this.#once(parts, () => wholeModel(this.model, this.head, layers, methods, eigen));
  }

  maps(wanted: readonly MapsOf[], eigen: boolean): Keyed<MapsModel> {
    const parts = ['maps', eigen, wanted.map(({ shape, methods }) => [shape, methods])];
    return this.#once(parts, () => mapsModel(wanted, eigen));
  }

  #once<T extends object>(parts: readonly unknown[], make: () => T): Keyed<T> {
    const key = JSON.stringify(parts);
    const made = (this.#made.get(key) as Keyed<T> | undefined) ?? { ...make(), key };
    this.#made.set(key, made);
    return made;
  }
}

const keyOf = ({ value, tokens, channelAxis }: Layer) => [value, tokens, channelAxis];
