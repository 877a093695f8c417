/** @file `ganscope/explain` in Node: the portable part, and files. */
export * from './index.web.js';
export { evaluationTable } from './figures/evaluation-report.node.js';
export { evaluateFiles } from './files/evaluate-files.node.js';
export { explainFiles } from './files/explain-files.node.js';
export { expectAllRead } from './files/picture-groups.node.js';
export { probeMaximise, type MaximiseProbeOptions } from './probe/maximise/maximise-probe.node.js';
export { probeScore, type ScoreProbeOptions } from './probe/generator/score-probe.node.js';
export { probeGenerator, type GeneratorProbeOptions } from './probe/generator/generator-probe.node.js';
export {
  MAX_HEATMAP_DIFFERENCE,
  selfExplainingPath,
  writeSelfExplaining,
} from './self-explaining/self-explaining.node.js';
export { openExplainJob, startExplainJob, type ExplainJob } from './tasks/explain-job.node.js';
export type { ExplainedTasks } from './tasks/merged-results.node.js';
export type { ExplainTexts } from './tasks/texts.js';
export type { ParsedTarget } from './targets/target-choice.js';
export { loadInputs, loadLabels, loadTargets } from './targets/targets.node.js';
export { probeWalk, type WalkFrame, type WalkProbeOptions } from './probe/walk/walk.node.js';
export {
  probeCheckpoints,
  type CheckpointsProbeOptions,
  type ComparedCheckpoint,
} from './probe/checkpoints/checkpoints.node.js';
export type { CheckpointSource } from './probe/checkpoints/checkpoint-maps.node.js';
export { probeConcepts } from './probe/concepts/concepts.node.js';
export { probeNearest, type NearestPictures, type NearestProbeOptions } from './probe/nearest/nearest.node.js';
export type { DistanceName, Neighbour } from './probe/nearest/neighbours.js';
