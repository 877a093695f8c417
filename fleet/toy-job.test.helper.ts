/** @file A small job for tests of the queue: each task writes a file with its number. */
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exists } from '../inference/files/missing.node.js';
import { InputError } from '../onnx/errors.js';
import type { TaskJob, TaskStage } from '../inference/tasks/job.js';
import { jobId, type JobSpec } from '../inference/tasks/spec.node.js';
import { packageVersion } from '../inference/tasks/version.node.js';

export function toySpec(out: string, count: number, options: { milliseconds?: number; fails?: number } = {}): JobSpec {
  return {
    command: 'gan-sample',
    version: packageVersion(),
    options: { count, milliseconds: options.milliseconds ?? 0, fails: options.fails ?? -1 },
    files: [],
    outputs: { out },
  };
}

/** Opens the toy job of a spec. @param ran told of each task that runs */
export async function openToy(spec: JobSpec, ran: (task: number) => void = () => {}): Promise<TaskJob> {
  const { count, milliseconds, fails } = spec.options as { count: number; milliseconds: number; fails: number };
  const out = spec.outputs['out'] as string;
  await mkdir(out, { recursive: true });
  const path = (task: number) => join(out, `${task}.txt`);
  const stage: TaskStage = {
    name: 'files',
    tasks: async () => count,
    size: () => 10,
    missing: async () => {
      const names = new Set(await readdir(out));
      return Array.from({ length: count }, (_, task) => task).filter((task) => !names.has(`${task}.txt`));
    },
    done: (task) => exists(path(task)),
    async run(task) {
      ran(task);
      await sleep(milliseconds);
      if (task === fails) throw new InputError({ name: 'fails', expected: 'another task', got: task });
      const temporary = `${path(task)}.${process.pid}.${Math.random()}`;
      await writeFile(temporary, String(task));
      await rename(temporary, path(task));
    },
  };
  return { id: jobId(spec), spec, stages: [stage], finish: async () => undefined, dispose: async () => {} };
}
