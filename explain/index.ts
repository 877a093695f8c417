/** @file `ganscope/explain`: what a discriminator or classifier looks at. */
export { camGraph, type CamGraph, type CamOptions, type CamOutputs } from './cam.js';
export { contactSheetPng } from './contact-sheet.node.js';
export { Explainer, type ExplainerOptions, type ExplainOptions } from './explain.js';
export { type Explanation } from './explanation.js';
export { figurePng, type FigureMap, type FigureOptions, type FigureRow } from './figure.node.js';
export { convLayers, layerGroups, layerLines, selectedLayers, type Layer, type LayerChoice } from './layers.js';
export { methodNames, methods, parsedMethods, type MethodName, type WeightedMethodName } from './methods.js';
export { type Method, type Sizes } from './methods/method.js';
export { type Stage } from './network.js';
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
export { paletteColour, paletteNames, palettes, type PaletteName } from './palette.js';
export { placedMap, type PlacedMap } from './placement.js';
export { randomizedWeights } from './random-weights.js';
export { explainedFiles, type ExplainedFiles, type ExplainFilesOptions, type MapResult } from './explain-files.node.js';
export { ExplanationFiles, type ExplainedPicture, type MapFiles } from './output.node.js';
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
export {
  MAX_HEATMAP_DIFFERENCE,
  selfExplainingPath,
  writeSelfExplaining,
  type SelfExplainingFile,
} from './self-explaining.node.js';
export { parsedTargets, type ClassName, type TargetChoice } from './target-choice.js';
export { loadedLabels, loadedTargets } from './targets.node.js';
export { type Region, type Target } from './targets.js';
export { emptyMapNote, verdict } from './verdict.js';
