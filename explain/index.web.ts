/** @file The portable part of `ganscope/explain`: explanations of discriminators and classifiers. */
/// <reference lib="esnext.disposable" preserve="true" />
export type { PaletteName } from './figures/names.js';
export { heatmapPicture, overlaidPicture } from './figures/overlay.js';
export { isSigned } from './figures/palette.js';
export { completenessNote, conservationNote, emptyMapNote, errorNote, verdict } from './figures/verdict.js';
export { formattedNumber } from '../inference/figures/numbers.js';
export { drawnMap } from './figures/drawn-map.js';
export { Explainer, type ExplainerOptions, type ExplainOptions, type Look } from './maps/explain.js';
export { explain } from './maps/explain-once.js';
export type { LayerMaps } from './network/one-picture.js';
export type { ClassScore } from './targets/class-scores.js';
export type { Explanation } from './maps/explanation.js';
export { placedMap } from './maps/shown/placement.js';
export { listLayers } from './maps/list-layers.js';
export { checkedMethods, explainsLayer, methods, suitableMethods, type MethodName } from './methods/table.js';
export { evaluateMethods, type EvaluateOptions, type Evaluation } from './metrics/evaluate.js';
export type { Layer } from './network/layers.js';
export { parsedBaselines, parsedMethods, parsedMetrics } from './parse/methods.js';
export { parsedHeatmapTarget, parsedTargets } from './parse/targets.js';
export { selfExplainingMethod, selfExplainingModel, type HeatmapTarget } from './self-explaining/self-explaining.js';
export type { ClassName, TargetChoice } from './targets/target-choice.js';
export type { Region, Target } from './targets/targets.js';
export {
  generatorAttribution,
  type AttributionOptions,
  type GeneratorAttribution,
} from './probe/generator/attribution.js';
export { maximise, type Maximisation, type Maximised } from './probe/maximise/maximise.js';
export type { AscentOptions, MaximiseOptions, Parameterization } from './probe/maximise/maximise-options.js';
export type { ChannelChoice } from './probe/maximise/objective.js';
export {
  scoreAttribution,
  type ScoreAttribution,
  type ScoreAttributionOptions,
} from './probe/generator/score-attribution.js';
export {
  conceptMethods,
  type Concept,
  type ConceptMethod,
  type ConceptsProbeOptions,
} from './probe/concepts/concept-options.js';
export { parsedBox, type PixelBox } from './probe/shared/box.js';
