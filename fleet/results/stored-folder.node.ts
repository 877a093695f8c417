/** @file A folder of this process that stands for an address in S3: a job works in it, and its results are objects. */
import { mkdirSync } from 'node:fs';
import { mkdir, readFile, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LIST_FILE } from '../../explain/files/task-files.node.js';
import { forgetCopy, noteCopy } from '../../inference/files/copies.node.js';
import { exists } from '../../inference/files/missing.node.js';
import { JOURNAL } from '../../inference/jobs/files/journal.node.js';
import type { TaskEngine } from '../../inference/tasks/engine.js';
import type { TaskJob } from '../../inference/tasks/job.js';
import { publishFile } from '../../inference/tasks/publish.node.js';
import { JOB_FILE } from '../../inference/tasks/shared/description.node.js';
import type { TaskCommand } from '../../inference/tasks/spec.node.js';
import { InputError } from '../../onnx/errors.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';
import { forgetTemporary, removeLeftovers, temporaryBeside } from '../../onnx/files/disk/temporary.node.js';
import { SETS_FILE } from '../../trainer/evaluate/tasks/job-folder.node.js';
import { belowS3, parsedS3Address, plainS3, shownS3, type S3Address } from '../storage/address.js';
import { Cache } from '../storage/cache.node.js';
import { S3Storage } from '../storage/client.node.js';
import { StoredJob } from './stored-job.node.js';

/** Milliseconds between notes that a folder is in use. */
const USED_MS = 3_600_000;
/** Milliseconds for which paths of a folder that is gone have their names. */
const NAMED_MS = 60_000;

/** What says of which job a folder is, in the order in which it is written: the last of them makes it the job's. */
const descriptions: { readonly [Command in TaskCommand]?: readonly string[] } = {
  'gan-sample': [JOURNAL],
  'gan-gradcam': [LIST_FILE, JOB_FILE],
  'gan-eval': [SETS_FILE, JOB_FILE],
};

export class StoredFolder {
  /** The folder, while it is open. */
  readonly folder: string;
  readonly shown: string;
  /** Other files, by their paths in this process. */
  readonly others = new Map<string, S3Address>();
  /** Files of the folder that are objects. */
  readonly #stored = new Set<string>();
  #begun: Promise<void> | undefined;
  #used: NodeJS.Timeout | undefined;

  private constructor(
    readonly storage: S3Storage,
    readonly address: S3Address,
    /** Holds the folder, and other files. */
    readonly place: string,
    readonly description: readonly string[],
  ) {
    this.folder = join(place, 'out');
    this.shown = shownS3(belowS3(address, ''));
  }

  /**
   * Opens an address for a job: what says of which job it is is fetched.
   * @param text the address, below which the job's objects are
   * @throws InputError if there are objects of others, or the server cannot be used
   */
  static async open(
    text: string,
    command: TaskCommand,
    environment: Readonly<Record<string, string | undefined>>,
    signal?: AbortSignal,
  ): Promise<StoredFolder> {
    const description = descriptions[command];
    if (!description) throw new InputError({ name: 'out', expected: 'a folder on disk', got: text });
    const address = parsedS3Address(plainS3(text, 'out'), 'out');
    const { jobs } = Cache.of(environment);
    const storage = await S3Storage.open(environment);
    await makeFolder(jobs);
    // Of processes that were killed: what they had sent is there, and the rest is made anew.
    await removeLeftovers(jobs);
    const self = new StoredFolder(storage, address, temporaryBeside(join(jobs, 'job')), description);
    try {
      await mkdir(self.folder, { recursive: true });
      await self.#expectOwn(signal);
      for (const name of description) await self.bring(name, signal);
    } catch (error) {
      await self.dispose();
      throw error;
    }
    noteCopy(self.folder, self.shown);
    // Machines that share a cache take what was not changed for a day for that of a process which is gone.
    self.#used = setInterval(() => void utimes(self.place, new Date(), new Date()).catch(() => undefined), USED_MS);
    self.#used.unref();
    return self;
  }

  /** A job in the folder whose results are objects. */
  job<T>(job: TaskJob<T>): TaskJob<T> {
    return new StoredJob(job, this);
  }

  /** Runs jobs of the folder: others may work on the same objects. */
  engine(engine: TaskEngine): TaskEngine {
    return { ...engine, shared: true, placed: (job) => this.job(job) };
  }

  /** The path of another file that becomes an object once the job is finished. */
  other(text: string, name: string): string {
    const address = parsedS3Address(plainS3(text, name), name);
    const path = join(this.place, 'others', String(this.others.size), basename(address.key));
    mkdirSync(dirname(path), { recursive: true });
    this.others.set(path, address);
    noteCopy(path, shownS3(address));
    return path;
  }

  /** Says of which job the objects are, if nobody has yet. @throws InputError if another process was faster, with another job */
  begin(signal?: AbortSignal): Promise<void> {
    return (this.#begun ??= this.#begin(signal).catch((error: unknown) => {
      this.#begun = undefined;
      throw error;
    }));
  }

  at(path: string): S3Address {
    return belowS3(this.address, path);
  }

  path(path: string): string {
    return join(this.folder, ...path.split('/'));
  }

  /** Makes an object of a file in the folder, once. */
  async send(path: string, signal?: AbortSignal): Promise<void> {
    if (!this.#stored.has(path)) await this.renew(path, signal);
  }

  /** Makes an object of a file in the folder, in place of the one that is there. */
  async renew(path: string, signal?: AbortSignal): Promise<void> {
    await this.storage.put(this.at(path), this.path(path), { signal });
    this.#stored.add(path);
  }

  /** Fetches an object into the folder, unless it is there. @returns whether it is */
  async bring(path: string, signal?: AbortSignal): Promise<boolean> {
    if (this.#stored.has(path) && (await exists(this.path(path)))) return true;
    const object = await this.storage.find(this.at(path), signal);
    if (!object) return false;
    await publishFile(this.path(path), ({ handle }) => this.storage.fetch(object, handle, signal));
    this.#stored.add(path);
    return true;
  }

  async dispose(): Promise<void> {
    clearInterval(this.#used);
    this.storage.close();
    await rm(this.place, { recursive: true, force: true }).catch(() => undefined);
    forgetTemporary(this.place);
  }

  /** Forgets of which addresses its paths were copies, a while after: messages of what failed may name them until then. */
  forget(): void {
    const forget = () => [this.folder, ...this.others.keys()].forEach(forgetCopy);
    setTimeout(forget, NAMED_MS).unref();
  }

  async #begin(signal: AbortSignal | undefined): Promise<void> {
    for (const name of this.description) {
      if (this.#stored.has(name)) continue;
      const isOurs = await this.storage.put(this.at(name), this.path(name), { fresh: true, signal });
      // Another share of the same job may have been faster.
      if (!isOurs && !(await this.#isSame(name, signal)))
        throw new InputError(`${shownS3(this.at(name))}: another process began another job there just now; try again`);
      this.#stored.add(name);
    }
  }

  /** Whether an object is what its file in the folder is. */
  async #isSame(name: string, signal: AbortSignal | undefined): Promise<boolean> {
    const object = await this.storage.find(this.at(name), signal);
    if (!object) return false;
    const path = join(this.place, 'theirs', name);
    await publishFile(path, ({ handle }) => this.storage.fetch(object, handle, signal));
    return (await readFile(path)).equals(await readFile(this.path(name)));
  }

  /** @throws InputError if there are objects, and none says of which job they are */
  async #expectOwn(signal: AbortSignal | undefined): Promise<void> {
    let other: string | undefined;
    const last = this.description.at(-1) as string;
    const below = belowS3(this.address, '');
    for await (const name of this.storage.names(below, signal)) {
      if (name === last) return;
      // Some tools make empty objects for folders.
      if (name !== '' && !this.description.includes(name)) other ??= name;
      if (other !== undefined && (await this.storage.find(this.at(last), signal))) return;
      if (other !== undefined) break;
    }
    if (other === undefined) return;
    const got = `${this.shown}${other}`;
    throw new InputError({ name: 'out', expected: 'an address with nothing below it, or with this job', got });
  }
}
