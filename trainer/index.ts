/** @file `ganscope/trainer`: configurations, networks, data, training steps and runs. */
export { stepBatch, stepLatents } from './data/batch.js';
export { loadCheckpoint, saveCheckpoint } from './checkpoint/checkpoint.node.js';
export { presetNames, type GanConfig, type Head, type PresetName } from './settings/config.js';
export {
  describedSettings,
  givenSettings,
  type ChosenSettings,
  type SettingSources,
} from './settings/resolve-settings.node.js';
export { trainFeatures, type FeatureTraining, type TrainedFeatures } from './classifier/train.node.js';
export { spaceDataset, type DataOptions, type Dataset, type Labels, type Split } from './data/sets/dataset.js';
export type { DecodeProgress } from './data/cache/decoded.node.js';
export { Loader, type LoaderOptions } from './data/loader.node.js';
export { ReadablePictures } from './data/sets/readable.js';
export { openDataset } from './data/formats/table.node.js';
export { spacePicture } from './data/space/space.js';
export { evaluateRun, type RunEvaluation } from './run/evaluate-run.node.js';
export { exportRun } from './run/export.node.js';
export { bestCheckpoint, checkpoints, markBest, newestCheckpoint } from './checkpoint/kept-checkpoints.node.js';
export { train, type TrainOptions, type TrainProgress, type TrainResult } from './run/loop.node.js';
export { discriminatorModel, generatorModel } from './step/tfjs/models.js';
export { configWith, presets } from './settings/presets.js';
export { Evaluator } from './quality/evaluator.node.js';
export { FeatureNetwork } from './quality/feature-network.node.js';
export type { Features } from './quality/features.js';
export { frechetDistance } from './quality/frechet.node.js';
export { kernelDistance } from './quality/kernel-distance.node.js';
export { bestRow, type QualityRow } from './quality/quality.js';
export { lossPlotPng, realVsFakePng, scorePlotPng, type StepRow } from './report/plots.node.js';
export { startRun, type RunOptions, type StartedRun } from './run/run.node.js';
export { resolveRun } from '../inference/networks/runs.node.js';
export { readSettingsFile } from './settings/settings-file.node.js';
export { initialState } from './step/tfjs/state.js';
export { createStep, type StepSource } from './step/create.node.js';
export type { Backend } from './settings/devices.js';
export { OnnxStep } from './step/onnx/onnx.node.js';
export { DataParallelStep } from './step/onnx/data-parallel.node.js';
export { RemoteStep } from './step/remote.node.js';
export type { NetworkState, StateTensor, StepBatch, StepResult, TrainState, TrainStep } from './step/state/step.js';
export { TfjsStep } from './step/tfjs/step.js';
