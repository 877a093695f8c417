/** @file `ganscope/exporter`: tfjs layers models, in memory or in files, as ONNX models, and the comparison of the two. */
import * as table from './layers/table.js';

export { discriminatorSignature, exportedModel, generatorSignature, type ExportOptions } from './export.js';
export type { LayersModel } from './layers-model.js';

export {
  exportLayersFile,
  isLayersSource,
  type ExportedPort,
  type LayersExport,
  type LayersExportOptions,
} from './files/export-layers-file.node.js';

/** Names of the layer types that can be exported. */
export const supportedLayers: readonly string[] = table.supportedLayers;
