/** @file `ganscope/explain` wherever it runs: what a discriminator or classifier looks at. */
export { camGraph, type CamGraph, type CamOptions, type CamOutputs } from './cam.js';
export {
  evaluatedMethods,
  type EvaluatedPicture,
  type EvaluateOptions,
  type Evaluation,
  type MethodEvaluation,
} from './evaluate.js';
export { explain, Explainer, type ExplainerOptions, type ExplainOptions } from './explain.js';
export type { Explanation } from './explanation.js';
export { convLayers, layerGroups, layerLines, selectedLayers, type Layer, type LayerChoice } from './layers.js';
export {
  methodNames,
  methods,
  parsedMethods,
  suitableMethods,
  type MethodName,
  type WeightedMethodName,
} from './methods.js';
export type { Method, Sizes } from './methods/method.js';
export type { Stage } from './network.js';
export { metricNames, metrics, type MetricName } from './metrics.js';
export { normalizedMap, type MapReason } from './normalize.js';
export {
  heatmapPicture,
  overlaidPicture,
  overlayModes,
  placedHeatmap,
  placedOverlay,
  type MapStyle,
  type OverlayMode,
} from './overlay.js';
export { isSigned, paletteColour, paletteNames, palettes, type PaletteName } from './palette.js';
export { drawnMap } from './drawn-map.js';
export { placedMap, type PlacedMap } from './placement.js';
export { randomizedWeights } from './random-weights.js';
export { bilinearResized } from './resize.js';
export {
  parsedHeatmapTarget,
  selfExplainingMethod,
  selfExplainingMethods,
  selfExplainingModel,
  type HeatmapTarget,
  type SelfExplainingModel,
  type SelfExplainingOptions,
} from './self-explaining.js';
export { parsedTargets, type ClassName, type TargetChoice } from './target-choice.js';
export type { Region, Target } from './targets.js';
export { emptyMapNote, verdict } from './verdict.js';
