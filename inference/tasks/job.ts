/** @file What a bulk job is made of: stages of tasks that may run in any order, anywhere, at once and twice. */

import type { JobSpec } from './spec.node.js';

/** What a task is run with. */
export interface TaskContext {
  /** Gives the task up; `run` throws its reason then, and leaves nothing. */
  signal?: AbortSignal;
  /** Called with how much of the task is done, in pictures. */
  progress?: (done: number, total: number) => void;
  /** How many tasks this machine does at once; default 1. */
  atOnce?: number;
}

/** The result of a task, below the job's folder. */
export interface TaskFiles {
  /** A file or folder; with `/` between parts. */
  path: string;
  /** Of a folder: the file in it that is written last, so that the others are there with it. */
  last?: string;
}

/** What a stage leaves in the job's folder, for engines that keep results elsewhere. */
export interface StageFiles {
  of(task: number): TaskFiles;
  /** What later stages and `finish` read of each result. */
  read: 'all' | 'last' | 'nothing';
  /**
   * A file in the job's folder that stands for all results of the stage once it is there. How many tasks later stages have does
   * not depend on it.
   */
  merged?: string;
  /** Nobody needs the results once the job is finished, and `finish` removes them. */
  temporary?: boolean;
}

/** Tasks that do not depend on each other. */
export interface TaskStage {
  readonly name: string;
  /** How many there are; known once the stages before are complete. */
  tasks(): Promise<number>;
  /** Pictures of a task, for progress and rate. */
  size(task: number): number;
  /** Tasks without a result, ascending. Folders are read anew, each once. */
  missing(): Promise<readonly number[]>;
  /** Whether the result of a task is there. */
  done(task: number): Promise<boolean>;
  /**
   * Makes the result of a task, the same bytes wherever it runs. It is written beside and renamed: what is there is done. Where
   * another process was faster, ours is thrown away.
   */
  run(task: number, context: TaskContext): Promise<void>;
  /** Not given by jobs whose results stay in a folder. */
  readonly files?: StageFiles;
}

/** What `finish` is run with. */
export interface FinishContext {
  signal?: AbortSignal;
  /** Called with how much is done, in pictures. */
  progress?: (done: number, total: number, note?: string) => void;
  /** All results of tasks are known to be there, if not in the job's folder. */
  complete?: boolean;
}

/** A bulk job that any engine can run: this process, a share of processes (`Shard`), or a queue. */
export interface TaskJob<Result = unknown> {
  /** SHA-256 of what decides the results (`jobId`). */
  readonly id: string;
  /** The job as data, for processes elsewhere. */
  readonly spec: JobSpec;
  /** In order: a later stage may need all results of the earlier ones. */
  readonly stages: readonly TaskStage[];
  /** Makes what needs all results. Running it again changes nothing. @throws InputError naming tasks without a result */
  finish(context: FinishContext): Promise<Result>;
  /** Ends sessions and releases locks. */
  dispose(): Promise<void>;
}
