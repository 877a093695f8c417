/** @file `ganscope/exporter`: tfjs layers models as ONNX models, and the comparison of the two. */
import * as table from './layers/table.js';

export {
  discriminatorSignature,
  exportedModel,
  generatorSignature,
  type ExportOptions,
  type Signature,
} from './export.js';
export { MAX_OPSET, MIN_OPSET } from './opset.js';
export type { LayersModel } from './layers-model.js';
export { largestDifference } from './verify.node.js';

/** Names of the layer types that can be exported. */
export const supportedLayers: readonly string[] = table.supportedLayers;
