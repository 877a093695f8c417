/** @file `ganscope/trainer`: data, networks and runs. `ganscope/trainer/settings` has presets and settings. */
import type { LayersModel } from '../exporter/index.js';
import type { GanConfig } from './settings/config.js';
import * as networks from './step/tfjs/models.js';

export { loadCheckpoint } from './checkpoint/checkpoint.node.js';
export { bestCheckpoint, checkpoints, newestCheckpoint } from './checkpoint/kept-checkpoints.node.js';
export type { SelfSupervision } from './classifier/tasks.js';
export { trainFeatures } from './classifier/train.node.js';
export { openDataset } from './data/formats/table.node.js';
export type { Dataset } from './data/sets/dataset.js';
export { spacePicture } from './data/space/space.js';
export type { Features } from './quality/distance/features.js';
export { frechetDistance } from './quality/distance/frechet.node.js';
export { kernelDistance } from './quality/distance/kernel-distance.node.js';
export { LEAST_SAMPLES, type Coverage, type QualityRow } from './quality/quality.js';
export { comparePictures, evaluateRun } from './evaluate/evaluate.node.js';
export { openEvaluationJob, startEvaluationJob, type EvaluationJob } from './evaluate/tasks/evaluation-job.node.js';
export { describedRun, describedSets, type PairDescription } from './evaluate/set-description.node.js';
export type { Comparison } from './evaluate/pair.node.js';
export { exportRun } from './run/export.node.js';
export { train, type TrainOptions, type TrainProgress } from './run/loop.node.js';
export { startRun, type RunOptions } from './run/run.node.js';

/** The generator as a tfjs layers model, with the weights a run starts from: latents [N, Z] → pictures [N, S, S, C] in −1…1. */
export const generatorModel: (config: GanConfig) => LayersModel = networks.generatorModel;

/** The discriminator likewise: pictures → probabilities of being real [N, 1], with the logits in layer `d_logit`. */
export const discriminatorModel: (config: GanConfig) => LayersModel = networks.discriminatorModel;
