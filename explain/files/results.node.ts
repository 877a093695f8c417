/** @file Writes results.json: the results, the network, and whether the job is complete. */
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { shownPath } from '../../inference/files/copies.node.js';
import { digestOfList, digestOfNumbers, fileDigest } from '../../inference/files/same-job.node.js';
import { takenFolder } from '../../inference/tasks/shared/description.node.js';
import { writeAtomically } from '../../onnx/files/disk/atomic-file.node.js';
import type { Explainer } from '../maps/explain.js';
import { JOURNAL_FILE } from './journal.node.js';

const RESULTS_FILE = 'results.json';
/** What shows that a file of results is ours, in its first bytes. */
const OWN_HEADS: Readonly<Record<string, RegExp>> = {
  [RESULTS_FILE]: /"(complete|maps|evaluation)":/,
  [JOURNAL_FILE]: /^\{"job":/,
};
const HEAD_BYTES = 65_536;
/** Characters that are written at once. */
const CHUNK = 65_536;

/** The origin of results, written to results.json. */
export interface Provenance {
  /** The network's file: results.json names it with its SHA-256. */
  model?: string;
  /** Anything else, such as a version. */
  provenance?: Readonly<Record<string, unknown>>;
}

/** The provenance with the digest of the network's file; addresses have none. */
export async function provenanceOf({
  model,
  provenance,
}: {
  [Name in keyof Provenance]: Provenance[Name] | undefined;
}): Promise<Readonly<Record<string, unknown>>> {
  if (model === undefined) return { ...provenance };
  const digest = /^https?:/i.test(model) ? undefined : await fileDigest(model);
  return { ...provenance, model: shownPath(model), ...(digest !== undefined && { modelDigest: digest }) };
}

/** Digests of what an explainer was given beside its model, which its results depend on. */
export function digestsOfGiven({ inputs = {}, labels, similarTo }: Explainer['given']): {
  given?: Readonly<Record<string, unknown>>;
} {
  const named = Object.entries(inputs).map(([name, value]) => [name, digestOfNumbers(value)] as const);
  const given = {
    ...(named.length > 0 && { inputs: Object.fromEntries(named) }),
    ...(labels && { labels: digestOfList(labels) }),
    ...(similarTo && { similarTo: digestOfNumbers(similarTo) }),
  };
  return Object.keys(given).length === 0 ? {} : { given };
}

/** What results.json holds. */
export interface Results {
  /** Whether all pictures are in it. */
  complete: boolean;
  /** The origin, such as the network's file and the version. */
  provenance: Readonly<Record<string, unknown>>;
  /** The results themselves; entries of a list are written as they are read. */
  parts: Readonly<Record<string, AsyncIterable<unknown> | object>>;
}

/** Writes results.json. @returns its path */
export async function writeResults(folder: string, { complete, provenance, parts }: Results): Promise<string> {
  const path = join(folder, RESULTS_FILE);
  await writeAtomically(path, async (file) => {
    const members = Object.entries({ complete, ...provenance }).filter(([, value]) => value !== undefined);
    const head = members.map(([name, value]) => ` ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    await file.appendFile(`{\n${head.join(',\n')}`);
    for (const [name, part] of Object.entries(parts)) {
      await file.appendFile(`,\n ${JSON.stringify(name)}: `);
      if (Symbol.asyncIterator in part) await appendList(file, part);
      else await file.appendFile(JSON.stringify(part, null, 1).replaceAll('\n', '\n '));
    }
    await file.appendFile('\n}\n');
  });
  return path;
}

async function appendList(file: FileHandle, list: AsyncIterable<unknown>): Promise<void> {
  let text = '[';
  let separator = '\n  ';
  for await (const entry of list) {
    text += separator + JSON.stringify(entry);
    separator = ',\n  ';
    if (text.length < CHUNK) continue;
    await file.appendFile(text);
    text = '';
  }
  await file.appendFile(`${text}${separator === '\n  ' ? ']' : '\n ]'}`);
}

/**
 * Refuses a folder whose files of results were written by something else.
 * @param folder may be missing
 */
export async function requireOwnResults(folder: string): Promise<void> {
  for (const [name, own] of Object.entries(OWN_HEADS)) {
    const path = join(folder, name);
    const file = await open(path).catch(() => undefined);
    if (!file) continue;
    const head = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0).finally(() => file.close());
    if (!own.test(head.buffer.toString('utf8', 0, head.bytesRead)))
      throw takenFolder(`${path}, which is of another program`);
  }
}
