/** @file A job whose results are objects in S3: tasks make them in a folder and send them, and what is needed of others is fetched. */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { inParallel } from '../../inference/files/in-parallel.js';
import { exists } from '../../inference/files/missing.node.js';
import type { FinishContext, StageFiles, TaskContext, TaskJob, TaskStage } from '../../inference/tasks/job.js';
import { expectComplete } from '../../inference/tasks/run.js';
import type { JobSpec } from '../../inference/tasks/spec.node.js';
import { isRefusal } from '../storage/errors.js';
import type { StoredFolder } from './stored-folder.node.js';

/** Objects that are sent, fetched or looked up at the same time. */
const LANES = 8;

export class StoredJob<T> implements TaskJob<T> {
  readonly id: string;
  readonly spec: JobSpec;
  readonly stages: readonly StoredStage[];

  constructor(
    private readonly job: TaskJob<T>,
    private readonly place: StoredFolder,
  ) {
    this.id = job.id;
    this.spec = job.spec;
    const stages: StoredStage[] = [];
    for (const stage of job.stages) stages.push(new StoredStage(stage, place, [...stages]));
    this.stages = stages;
  }

  async finish(context: FinishContext): Promise<T> {
    const { job, place } = this;
    const { signal } = context;
    await place.begin(signal);
    for (const stage of this.stages) {
      expectComplete(place.shown, await stage.tasks(), await stage.missing());
      await stage.bring(signal);
    }
    const before = new Set(await readdir(place.folder));
    const made = await job.finish({ ...context, complete: true });
    for (const stage of this.stages) await stage.sendMerged(signal);
    for (const [path, address] of place.others) await place.storage.put(address, path, { signal });
    // What a job makes of all results comes last, so that nothing is missing where it is.
    const results = (await readdir(place.folder)).filter((name) => !before.has(name) && !name.startsWith('.'));
    for (const name of results) await place.send(name, signal);
    for (const stage of this.stages) await stage.removeTemporary(signal);
    return made;
  }

  dispose(): Promise<void> {
    return this.job.dispose();
  }
}

/** Its tasks are done where their objects are there: of several, the last one. */
class StoredStage implements TaskStage {
  readonly name: string;
  readonly #files: StageFiles;
  /** What this process makes now, by task: two at once would use the same files. */
  readonly #running = new Map<number, Promise<void>>();
  #brought: Promise<void> | undefined;

  constructor(
    private readonly stage: TaskStage,
    private readonly place: StoredFolder,
    private readonly earlier: readonly StoredStage[],
  ) {
    if (!stage.files) throw new Error(`the results of ${stage.name} have no places`);
    this.name = stage.name;
    this.#files = stage.files;
  }

  async tasks(): Promise<number> {
    await this.place.begin();
    for (const stage of this.earlier) if (stage.#files.merged === undefined) await stage.bring();
    return this.stage.tasks();
  }

  size(task: number): number {
    return this.stage.size(task);
  }

  async missing(): Promise<readonly number[]> {
    const count = await this.tasks();
    if (count === 0 || (await this.#hasMerged())) return [];
    const names = await this.#names();
    const missing: number[] = [];
    const begun: number[] = [];
    for (let task = 0; task < count; task++) {
      const { path, last } = this.#files.of(task);
      const isThere = names.has(`${basename(path)}${last === undefined ? '' : '/'}`);
      if (!isThere) missing.push(task);
      else if (last !== undefined) begun.push(task);
    }
    await inParallel(begun, LANES, async (task) => {
      if (!(await this.#isStored(task))) missing.push(task);
    });
    // Who finished the job meanwhile removed what is merged.
    if (missing.length > 0 && (await this.#hasMerged())) return [];
    return missing.toSorted((a, b) => a - b);
  }

  async done(task: number): Promise<boolean> {
    return (await this.#isStored(task)) || this.#hasMerged();
  }

  async run(task: number, context: TaskContext): Promise<void> {
    for (let twin = this.#running.get(task); twin; twin = this.#running.get(task)) {
      if (
        await twin.then(
          () => true,
          () => false,
        )
      )
        return;
    }
    const running = this.#run(task, context);
    this.#running.set(task, running);
    try {
      await running;
    } finally {
      this.#running.delete(task);
    }
  }

  async #run(task: number, context: TaskContext): Promise<void> {
    const { signal } = context;
    await this.#ready(signal);
    const { path, last } = this.#files.of(task);
    const { place } = this;
    const local = place.path(path);
    // Of an earlier run there may be a part of the files.
    await rm(local, { recursive: true, force: true });
    await this.stage.run(task, context);
    const { read } = this.#files;
    try {
      signal?.throwIfAborted();
      if (last === undefined) await place.renew(path, signal);
      else {
        const names = (await readdir(local)).filter((name) => name !== last).map((name) => `${path}/${name}`);
        await inParallel(names, LANES, (name) => place.storage.put(place.at(name), place.path(name), { signal }));
        await place.renew(`${path}/${last}`, signal);
        if (read === 'last') for (const name of names) await rm(place.path(name));
      }
    } catch (error) {
      await rm(local, { recursive: true, force: true });
      throw error;
    }
    if (read === 'nothing') await rm(local, { recursive: true });
    for (const stage of this.earlier) await stage.sendMerged(signal);
  }

  /** Fetches what later stages and `finish` read of the results, which must be there. */
  bring(signal?: AbortSignal): Promise<void> {
    return (this.#brought ??= this.#bring(signal).catch((error: unknown) => {
      this.#brought = undefined;
      throw error;
    }));
  }

  /** Sends what stands for all results, once it was made. */
  async sendMerged(signal?: AbortSignal): Promise<void> {
    const { merged } = this.#files;
    if (merged !== undefined && (await exists(this.place.path(merged)))) await this.place.send(merged, signal);
  }

  /** Removes what nobody needs once the job is finished. */
  async removeTemporary(signal?: AbortSignal): Promise<void> {
    const { temporary, of } = this.#files;
    const count = await this.stage.tasks();
    if (!temporary || count === 0) return;
    const names = await this.#names();
    const left = Array.from({ length: count }, (_, task) => of(task).path).filter((path) => names.has(basename(path)));
    await inParallel(left, LANES, (path) => this.place.storage.remove(this.place.at(path), signal)).catch((error) => {
      // Who may not remove objects leaves them: nobody reads them any more.
      if (!isRefusal(error, 403)) throw error;
    });
  }

  async #bring(signal: AbortSignal | undefined): Promise<void> {
    const { of, read, merged } = this.#files;
    if (read === 'nothing' || (merged !== undefined && (await this.place.bring(merged, signal)))) return;
    const tasks = Array.from({ length: await this.stage.tasks() }, (_, task) => task);
    const missing: number[] = [];
    await inParallel(tasks, LANES, async (task) => {
      const { path, last } = of(task);
      if (!(await this.place.bring(last === undefined ? path : `${path}/${last}`, signal))) missing.push(task);
    });
    // As in `missing`.
    if (missing.length > 0 && (await this.#hasMerged())) return;
    expectComplete(
      this.place.shown,
      tasks.length,
      missing.toSorted((a, b) => a - b),
    );
  }

  /** Says whose objects they are, and fetches what this stage needs of earlier ones. */
  async #ready(signal?: AbortSignal): Promise<void> {
    await this.place.begin(signal);
    for (const stage of this.earlier) await stage.bring(signal);
  }

  async #isStored(task: number): Promise<boolean> {
    const { path, last } = this.#files.of(task);
    return (await this.place.storage.find(this.place.at(last === undefined ? path : `${path}/${last}`))) !== undefined;
  }

  /** What there is beside the results, these included. */
  async #names(): Promise<Set<string>> {
    const names = new Set<string>();
    const folder = dirname(this.#files.of(0).path);
    for await (const name of this.place.storage.names(this.place.at(folder === '.' ? '' : `${folder}/`)))
      names.add(name);
    return names;
  }

  async #hasMerged(): Promise<boolean> {
    const { merged } = this.#files;
    return merged !== undefined && this.place.bring(merged);
  }
}
