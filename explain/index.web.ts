/** @file `ganscope/explain` wherever it runs: what a discriminator or classifier looks at. */
export { camGraph, type CamGraph, type CamOptions, type CamOutputs } from './self-explaining/cam.js';
export {
  evaluateMethods,
  type EvaluatedPicture,
  type EvaluateOptions,
  type Evaluation,
  type MethodEvaluation,
} from './metrics/evaluate.js';
export { explain, Explainer, type ExplainerOptions, type ExplainOptions } from './maps/explain.js';
export type { Explanation } from './maps/explanation.js';
export { convLayers, layerGroups, layerLines, selectedLayers, type Layer, type LayerChoice } from './network/layers.js';
export {
  methodNames,
  methods,
  parsedMethods,
  suitableMethods,
  type MethodName,
  type WeightedMethodName,
} from './methods/table.js';
export type { Method, Sizes } from './methods/method.js';
export type { Stage } from './network/network.js';
export { metricNames, metrics, type MetricName } from './metrics/table.js';
export { normalizedMap, type MapReason } from './maps/normalize.js';
export {
  heatmapPicture,
  overlaidPicture,
  overlayModes,
  placedHeatmap,
  placedOverlay,
  type MapStyle,
  type OverlayMode,
} from './figures/overlay.js';
export { isSigned, paletteColour, paletteNames, palettes, type PaletteName } from './figures/palette.js';
export { drawnMap } from './maps/drawn-map.js';
export { placedMap, type PlacedMap } from './maps/placement.js';
export { randomizedWeights } from './network/random-weights.js';
export { bilinearResized } from '../inference/numeric/bilinear.js';
export {
  parsedHeatmapTarget,
  selfExplainingMethod,
  selfExplainingMethods,
  selfExplainingModel,
  type HeatmapTarget,
  type SelfExplainingModel,
  type SelfExplainingOptions,
} from './self-explaining/self-explaining.js';
export { parsedTargets, type ClassName, type TargetChoice } from './targets/target-choice.js';
export type { Region, Target } from './targets/targets.js';
export { emptyMapNote, verdict } from './figures/verdict.js';
