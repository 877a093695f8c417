/** @file The public surface of `ganscope/exporter`. */
export {
  discriminatorSignature,
  exportedModel,
  generatorSignature,
  type ExportOptions,
  type Signature,
} from './export.js';
export { foldedBatchNorm } from '../onnx/passes/fold-batch-norm.js';
export { toFloat16 } from '../onnx/passes/to-float16.js';
export {
  loweredModel,
  supportedLayers,
  type BatchStatistics,
  type LoweredModel,
  type WeightRequest,
} from './layers/table.js';
export { uint8Generator } from '../onnx/passes/uint8.js';
export { MAX_OPSET, MIN_OPSET } from './opset.js';
export { largestDifference, type VerifyOptions } from './verify.node.js';
export type { LayersModel } from '@tensorflow/tfjs-layers';
export { onnxDims, onnxLayout, tfjsLayout, weightName, type WeightLayout } from './layers/weights.js';
