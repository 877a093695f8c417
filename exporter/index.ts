/** @file `ganscope/exporter`: tfjs layers models as ONNX models, and the comparison of the two. */
export {
  discriminatorSignature,
  exportedModel,
  generatorSignature,
  type ExportOptions,
  type Signature,
} from './export.js';
export { supportedLayers } from './layers/table.js';
export { MAX_OPSET, MIN_OPSET } from './opset.js';
export type { LayersModel } from '@tensorflow/tfjs-layers';
export { largestDifference } from './verify.node.js';
