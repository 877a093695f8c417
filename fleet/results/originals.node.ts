/** @file What a worker does with addresses: it fetches what jobs read, and sends what they make, below its roots. */
import { isAddress, shownPath } from '../../inference/files/copies.node.js';
import type { TaskJob } from '../../inference/tasks/job.js';
import type { FetchOriginals } from '../../inference/tasks/shared/opening.node.js';
import { expectWithin } from '../../inference/tasks/spec-files.node.js';
import type { JobSpec } from '../../inference/tasks/spec.node.js';
import { InputError } from '../../onnx/errors.js';
import { plainS3 } from '../storage/address.js';
import { S3Inputs } from '../storage/inputs.node.js';
import { StoredFolder } from './stored-folder.node.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** A job as others can open it: addresses in place of their copies in this process. */
export function shownSpec(spec: JobSpec): JobSpec {
  const outputs = Object.entries(spec.outputs).map(([role, path]) => {
    const shown = shownPath(path);
    return [role, isAddress(shown) ? plainS3(shown, role) : path];
  });
  return {
    ...spec,
    files: spec.files.map((file) => ({ ...file, path: shownPath(file.path) })),
    outputs: Object.fromEntries(outputs) as Record<string, string>,
  };
}

/** Whether a job names addresses. */
export function namesAddresses({ files, outputs }: JobSpec): boolean {
  return files.some(({ path }) => isAddress(path)) || Object.values(outputs).some(isAddress);
}

export class Originals implements FetchOriginals {
  #inputs: Promise<S3Inputs> | undefined;

  constructor(private readonly environment: Variables) {}

  /** @throws InputError if the package of S3 is not installed, or a variable is not what it should be */
  async ready(): Promise<void> {
    await this.#open();
  }

  async files(addresses: readonly string[], signal?: AbortSignal) {
    return (await this.#open()).passing(addresses, signal);
  }

  async set(address: string): Promise<void> {
    const inputs = await this.#open();
    if (/\.onnx$/i.test(address)) await inputs.model(address, 'set');
    else if (/[^/]\.zip$/i.test(address)) await inputs.file(address, 'set');
    else await inputs.pictures(address, 'set');
  }

  /**
   * Opens a job whose files or results are at addresses.
   * @param open opens the job with paths in place of addresses
   * @throws InputError for addresses outside of the roots, before anything is read there
   */
  async job(spec: JobSpec, roots: readonly string[], open: (spec: JobSpec) => Promise<TaskJob>): Promise<TaskJob> {
    const { out = '' } = spec.outputs;
    for (const { role, path } of spec.files) await expectPlace(roots, path, role);
    for (const [role, path] of Object.entries(spec.outputs)) await expectPlace(roots, path, role);
    const stored = isAddress(out) ? await StoredFolder.open(out, spec.command, this.environment) : undefined;
    try {
      const own = (path: string) => stored !== undefined && path.startsWith(stored.shown);
      const wanted = spec.files.map(({ path }) => path).filter((path) => isAddress(path) && !own(path));
      const inputs = wanted.length > 0 ? await this.#open() : undefined;
      const fetched = (await inputs?.files([...new Set(wanted)], 'job')) ?? new Map<string, string>();
      const files = spec.files.map((file) => {
        const path =
          stored && own(file.path) ? stored.path(file.path.slice(stored.shown.length)) : fetched.get(file.path);
        return path === undefined ? file : { ...file, path };
      });
      const outputs = { ...spec.outputs, ...(stored && { out: stored.folder }) };
      const job = await open({ ...spec, files, outputs });
      return stored ? disposing(stored.job(job), stored) : job;
    } catch (error) {
      await stored?.dispose();
      throw error;
    }
  }

  /** Ends connections. */
  async close(): Promise<void> {
    (await this.#inputs?.catch(() => undefined))?.close();
  }

  #open(): Promise<S3Inputs> {
    return (this.#inputs ??= S3Inputs.open({ environment: this.environment }));
  }
}

/** @throws InputError for an address that is not in its one form, or outside of the roots */
async function expectPlace(roots: readonly string[], path: string, role: string): Promise<void> {
  if (!isAddress(path)) return;
  if (plainS3(path, role) !== path) throw new InputError({ name: role, expected: plainS3(path, role), got: path });
  await expectWithin(roots, path, role);
}

/** A job whose folder is removed with it. */
function disposing(job: TaskJob, stored: StoredFolder): TaskJob {
  const { id, spec, stages } = job;
  return {
    id,
    spec,
    stages,
    finish: (context) => job.finish(context),
    async dispose() {
      await job.dispose();
      await stored.dispose();
      stored.forget();
    },
  };
}
