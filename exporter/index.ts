/** @file `ganscope/exporter`: tfjs layers models as ONNX models, and the comparison of the two. */
import * as table from './layers/table.js';

export { discriminatorSignature, exportedModel, generatorSignature, type ExportOptions } from './export.js';
export type { LayersModel } from './layers-model.js';

/** Names of the layer types that can be exported. */
export const supportedLayers: readonly string[] = table.supportedLayers;
