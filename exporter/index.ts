/** @file The public surface of `ganscope/exporter`. */
export {
  discriminatorSignature,
  exportedModel,
  generatorSignature,
  type ExportOptions,
  type Signature,
} from './export.js';
export { foldedBatchNorm } from './fold.js';
export { halfPrecision } from './half.js';
export {
  loweredModel,
  supportedLayers,
  type BatchStatistics,
  type LoweredModel,
  type WeightRequest,
} from './layers.js';
export { uint8Generator } from './uint8.js';
export { MAX_OPSET, MIN_OPSET } from './opset.js';
export { largestDifference, type VerifyOptions } from './verify.node.js';
export { onnxDims, onnxLayout, tfjsLayout, weightName, type WeightLayout } from './weights.js';
