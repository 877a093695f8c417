/** @file The folder of a probe: locked while it is written, with results.json last. */
import { join } from 'node:path';
import { lockFolder } from '../../../inference/files/folder-lock.node.js';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { provenanceOf, requireOwnResults, writeResults, type Provenance } from '../../files/results.node.js';

/** Where a probe writes, and what it says of its origin. */
export interface ProbeFolderOptions extends Provenance {
  /** Folder for the files; made if it is missing. Existing files of the same names are replaced. */
  out: string;
}

/** Writes one file of the folder. @returns its path */
export type WriteFile = (name: string, bytes: Uint8Array) => Promise<string>;

/** What a probe gives. */
export interface ProbeFiles {
  /** results.json last. */
  files: string[];
}

/**
 * Runs a probe that writes into a folder, then results.json.
 * @param work writes its files and returns what results.json holds
 * @throws InputError if another process writes to the folder, or it holds another program's results
 */
export async function inProbeFolder(
  kind: string,
  { out, model, provenance }: ProbeFolderOptions,
  work: (write: WriteFile) => Promise<Readonly<Record<string, object>>>,
): Promise<ProbeFiles> {
  const lock = await lockFolder(out);
  try {
    await requireOwnResults(out);
    const origin = await provenanceOf({ model, provenance });
    const files: string[] = [];
    const parts = await work(async (name, bytes) => {
      const path = join(out, name);
      await writeFileAtomic(path, bytes);
      files.push(path);
      return path;
    });
    const results = await writeResults(out, { complete: true, provenance: { probe: kind, ...origin }, parts });
    return { files: [...files, results] };
  } finally {
    await lock.release();
  }
}
