/** @file The fuzzer: damaged files of all kinds are read or refused with an InputError; whatever else happens is a finding. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Random } from '../inference/numeric/random.js';
import { InputError } from '../onnx/errors.js';
import { below, oneOf } from './mutate.js';
import { fuzzKinds, type FuzzKind } from './table.js';

/** What to run. */
export interface FuzzOptions {
  seed: number;
  count: number;
  /** Kinds by name; all by default. */
  kinds?: readonly string[];
  /** The kinds there are. */
  table?: Readonly<Record<string, FuzzKind>>;
  /** Where inputs of findings are kept; they are not by default. */
  keep?: string;
  /** Called after each input. */
  progress?: (done: number, kind: string) => void;
}

type Table = Readonly<Record<string, FuzzKind>>;

/** An input that was neither read nor refused in order. */
export interface Finding {
  /** Number of the input; with the seed it makes the same input again. */
  number: number;
  kind: string;
  problem: string;
}

/** What a run saw. */
export interface FuzzResult {
  read: number;
  refused: number;
  findings: Finding[];
}

/** A message is one line that a person can read. */
const MAX_MESSAGE = 2500;
/** Longer than any of these small files takes on a busy machine. */
const MAX_SECONDS = 20;

/** Reads `count` damaged files. The same seed gives the same files, whatever kinds are run. */
export async function fuzz({
  seed,
  count,
  kinds,
  table = fuzzKinds,
  keep,
  progress,
}: FuzzOptions): Promise<FuzzResult> {
  const folder = await mkdtemp(join(tmpdir(), 'ganscope-fuzz-'));
  const names = kinds ?? Object.keys(table);
  const corpora = new Map<string, Uint8Array[]>();
  const result: FuzzResult = { read: 0, refused: 0, findings: [] };
  try {
    for (const name of names) {
      const kind = kindOf(table, name);
      const own = join(folder, name);
      await mkdir(dirname(join(own, kind.file)), { recursive: true });
      corpora.set(name, await kind.corpus(own));
    }
    for (let number = 0; number < count; number++) {
      const random = Random.derived(seed, `input ${number}`);
      const name = chosenKind(table, names, random);
      const kind = kindOf(table, name);
      const bytes = kind.mutate(oneOf(random, corpora.get(name) as Uint8Array[]), random);
      const path = join(folder, name, kind.file);
      await writeFile(path, bytes);
      const problem = await problemOf(kind, path, bytes, random, result);
      if (problem !== undefined) {
        result.findings.push({ number, kind: name, problem });
        if (keep !== undefined) await kept(keep, `${seed}-${number}-${basename(kind.file)}`, bytes);
      }
      progress?.(number + 1, name);
    }
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function problemOf(kind: FuzzKind, path: string, bytes: Uint8Array, random: Random, result: FuzzResult) {
  const started = performance.now();
  try {
    await kind.read(path, bytes, random);
    result.read++;
  } catch (error) {
    if (!(error instanceof InputError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (error.message.length > MAX_MESSAGE || ['\n', '\u001B'].some((sign) => error.message.includes(sign)))
      return `message: ${error.message}`;
    result.refused++;
  }
  const seconds = (performance.now() - started) / 1000;
  return seconds > MAX_SECONDS ? `took ${seconds.toFixed(1)} s` : undefined;
}

function kindOf(table: Table, name: string): FuzzKind {
  const kind = Object.hasOwn(table, name) ? table[name] : undefined;
  if (kind) return kind;
  throw new InputError({ name: 'kinds', expected: `some of ${Object.keys(table).join(', ')}`, got: `"${name}"` });
}

function chosenKind(table: Table, names: readonly string[], random: Random): string {
  let left = below(
    random,
    names.reduce((sum, name) => sum + kindOf(table, name).share, 0),
  );
  return names.find((name) => (left -= kindOf(table, name).share) < 0) as string;
}

async function kept(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), bytes);
}
