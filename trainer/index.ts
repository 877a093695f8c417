/** @file `ganscope/trainer`: data, networks and runs. `ganscope/trainer/settings` has presets and settings. */
export { loadCheckpoint } from './checkpoint/checkpoint.node.js';
export { bestCheckpoint, newestCheckpoint } from './checkpoint/kept-checkpoints.node.js';
export { trainFeatures, type FeatureTraining, type TrainedFeatures } from './classifier/train.node.js';
export { openDataset } from './data/formats/table.node.js';
export type { DataOptions, Dataset } from './data/sets/dataset.js';
export { spacePicture } from './data/space/space.js';
export type { Features } from './quality/features.js';
export { frechetDistance } from './quality/frechet.node.js';
export { kernelDistance } from './quality/kernel-distance.node.js';
export { LEAST_SAMPLES, type QualityRow } from './quality/quality.js';
export { evaluateRun, type RunEvaluation } from './run/evaluate-run.node.js';
export { exportRun, type RunExport, type RunExportOptions } from './run/export.node.js';
export { train, type TrainOptions, type TrainProgress, type TrainResult } from './run/loop.node.js';
export { startRun, type RunOptions, type StartedRun } from './run/run.node.js';
export { discriminatorModel, generatorModel } from './step/tfjs/models.js';
