/** @file `ganscope/tasks`: bulk jobs as tasks that any engine can run. */
export { lostLocks } from '../files/folder-lock.node.js';
export { canonicalJson, type Json, type JsonObject } from './canonical.js';
export {
  localEngine,
  mergeEngine,
  performJob,
  shardEngine,
  type EngineContext,
  type PerformContext,
  type StageProgress,
  type TaskEngine,
} from './engine.js';
export type { FinishContext, StageFiles, TaskContext, TaskFiles, TaskJob, TaskStage } from './job.js';
export { publishFile, publishFolder } from './publish.node.js';
export { TaskResults } from './results.node.js';
export { expectComplete, rangesOf, runTasks, type RunOptions, type RunOutcome } from './run.js';
export { chosenShard, isOfShard, type ChosenShard, type Environment, type Shard } from './shard.js';
export { expectRunnable, expectWithin } from './spec-files.node.js';
export {
  fileOf,
  jobFile,
  jobId,
  parsedJobSpec,
  TASK_COMMANDS,
  type JobFile,
  type JobSpec,
  type TaskCommand,
} from './spec.node.js';
export { packageVersion } from './version.node.js';
