/** @file The networks of kept checkpoints as .onnx files, exported when the page asks for them, in a temporary folder. */
import { mkdtemp, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exists } from '../../../inference/files/missing.node.js';
import { Queue } from '../../../inference/runtime/queue.js';
import { Thread } from '../../../inference/runtime/thread.node.js';
import { fileSize } from '../../../onnx/files/files.node.js';
import { InputError } from '../../../onnx/index.js';
import { fileInside, holdsFilesInside, pathInside } from '../files/files.node.js';
import { Refusal } from '../http/refusal.node.js';
import type { ExportRequest } from './export-thread.node.js';

/** Largest weights of a checkpoint that is exported. */
const MAX_WEIGHT_BYTES = 2 ** 30;
/** Folders of a checkpoint, one in the other: its own and those of its networks. */
const LEVELS = 2;
/** The most that is kept in the temporary folder. */
const MAX_KEPT_BYTES = 2 ** 30;

export const roles = ['generator', 'discriminator'] as const;
/** A network of a checkpoint. */
export type Role = (typeof roles)[number];

/** Exports checkpoints one at a time, in a thread of its own, and keeps what it made while there is room. */
export class CheckpointNetworks {
  readonly #queue = new Queue();
  /** Sizes of what is kept, by checkpoint and its time; what was asked for last is last. */
  readonly #kept = new Map<string, { folder: string; bytes: number }>();
  #folder: string | undefined;
  #thread: Thread | undefined;
  #made = 0;
  #closed = false;

  /**
   * Opens a network of a checkpoint, exported as `gan-export` would.
   * @param run folder of the run
   * @returns undefined if the run has no such checkpoint, or a link of it leads out of the run
   * @throws InputError if the checkpoint cannot be read or is too large
   * @throws Refusal after `dispose`
   */
  async open(run: string, checkpoint: string, role: Role): Promise<FileHandle | undefined> {
    return this.#queue.run(async () => {
      if (this.#closed) throw new Refusal(503, 'gan-studio is stopping');
      const parts = ['checkpoints', checkpoint];
      const [path, state] = [await pathInside(run, parts), await fileInside(run, [...parts, 'state.json'])];
      if (path === undefined || state === undefined || !(await holdsFilesInside(run, parts, LEVELS))) return undefined;
      const key = JSON.stringify([path, state.time]);
      const kept = this.#kept.get(key);
      this.#kept.delete(key);
      // Temporary folders are cleaned by others, too.
      const isThere = kept && (await exists(join(kept.folder, `${role}.onnx`)));
      const made = isThere ? kept : await this.#exported(path, checkpoint);
      this.#kept.set(key, made);
      await this.#makeRoom();
      return open(join(made.folder, `${role}.onnx`));
    });
  }

  /** Ends the thread, and removes what was made. */
  async dispose(): Promise<void> {
    this.#closed = true;
    await this.#queue.run(async () => {
      await this.#thread?.end();
      if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
      this.#kept.clear();
      [this.#thread, this.#folder] = [undefined, undefined];
    });
  }

  async #exported(path: string, checkpoint: string): Promise<{ folder: string; bytes: number }> {
    // Where the run lies is nobody's business who only sees the page.
    const withoutPlace = (error: unknown): never => {
      throw error instanceof InputError ? new InputError(error.message.replaceAll(path, checkpoint)) : error;
    };
    for (const role of roles) await fileSize(join(path, role, 'weights.bin'), MAX_WEIGHT_BYTES).catch(withoutPlace);
    if (this.#folder === undefined || !(await exists(this.#folder)))
      this.#folder = await mkdtemp(join(tmpdir(), 'ganscope-checkpoints-'));
    this.#thread ??= await Thread.start(new URL('./export-thread.node.js', import.meta.url), {
      onEnd: () => (this.#thread = undefined),
    });
    const folder = join(this.#folder, String(++this.#made));
    const request: ExportRequest = { checkpoint: path, out: folder };
    const passed = await this.#thread.ask<boolean>(request).catch(withoutPlace);
    if (!passed) {
      await rm(folder, { recursive: true, force: true });
      throw new InputError(`${checkpoint}: its exported networks do not compute what the trained ones do`);
    }
    const sizes = await Promise.all(roles.map(async (role) => (await stat(join(folder, `${role}.onnx`))).size));
    return { folder, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  /** Removes what was asked for the longest time ago, but never the last one. */
  async #makeRoom(): Promise<void> {
    let bytes = [...this.#kept.values()].reduce((sum, kept) => sum + kept.bytes, 0);
    for (const [key, kept] of [...this.#kept].slice(0, -1)) {
      if (bytes <= MAX_KEPT_BYTES) return;
      bytes -= kept.bytes;
      this.#kept.delete(key);
      await rm(kept.folder, { recursive: true, force: true });
    }
  }
}
