/** @file The runs of a sweep, from a file that says which settings vary. */
import { createHash } from 'node:crypto';
import { isRecord } from '../../inference/parse/json.js';
import { Random } from '../../inference/numeric/random.js';
import { canonicalJson, type Json, type JsonObject } from '../../inference/tasks/canonical.js';
import { InputError } from '../../onnx/errors.js';
import { chosenConfig, givenSettings, type ChosenSettings } from '../../trainer/settings/resolve-settings.node.js';
import { runSettings } from '../../trainer/settings/run-settings.js';
import { namedSettings, readMapping } from '../../trainer/settings/settings-file.node.js';
import { LEAST_SAMPLES } from '../../trainer/quality/quality.js';
import { configSettings, dashedName, expectSettings, found, type Setting } from '../../trainer/settings/table.js';

/** What runs are compared by; the lowest is the best. */
export const measures = ['frechet', 'kid', 'loss-g', 'loss-d'] as const;

/** A name of `measures`. */
export type Measure = (typeof measures)[number];

/** A run of a sweep. */
export interface SweepRun {
  /** Of its folder and its result. */
  name: string;
  /** All that gan-train is given. */
  settings: ChosenSettings;
}

/** The runs of a sweep and how they are compared. */
export interface SweepPlan {
  by: Measure;
  /** Settings that vary, in the file's order. */
  varied: readonly string[];
  runs: readonly SweepRun[];
}

/** Most runs of a sweep. */
export const MAX_RUNS = 10_000;
/** Settings that the sweep itself decides. */
const OWN = ['out'];
/** Settings of the feature network: numbers of different networks do not compare. */
const FEATURES = ['features', 'featuresMean', 'featuresStd', 'featuresSize'];

const table: Readonly<Record<string, Setting>> = { ...configSettings, ...runSettings };

/** Values to choose from: a list, or the ends of a range. */
type Choice = { values: readonly Json[] } | { from: number; to: number; logarithmic: boolean; points: number };

/**
 * Reads a sweep. The same file gives the same runs.
 * @throws InputError naming the entry that is not what it should be; settings are checked as those of gan-train
 */
export async function readSweep(path: string): Promise<SweepPlan> {
  const {
    search = 'grid',
    runs,
    seed = 0,
    by,
    settings: fixed = {},
    vary,
    ...others
  } = { ...(await readMapping(path)) } as Record<string, unknown>;
  const refuse = (name: string, expected: string, got: unknown): never => {
    throw new InputError({ name: `${path}: ${name}`, expected, got: found(got) });
  };
  const [stray] = Object.keys(others);
  if (stray !== undefined) refuse(stray, 'one of search, runs, seed, by, settings, vary', others[stray]);
  if (search !== 'grid' && search !== 'random') refuse('search', 'grid or random', search);
  if (!Number.isSafeInteger(seed) || (seed as number) < 0) refuse('seed', 'a whole number of at least 0', seed);
  if (!isRecord(fixed)) refuse('settings', 'a mapping of settings', fixed);
  if (!isRecord(vary) || Object.keys(vary).length === 0) refuse('vary', 'a mapping with at least one setting', vary);
  const isRandom = search === 'random';
  if (
    isRandom ? !Number.isSafeInteger(runs) || (runs as number) < 1 || (runs as number) > MAX_RUNS : runs !== undefined
  )
    refuse('runs', isRandom ? `a whole number of 1…${MAX_RUNS}` : 'it with `search: random` only', runs);
  const settings = namedSettings(fixed as object, `${path}: settings`);
  expectSettings(settings, table, { file: `${path}: settings`, partial: true });
  const entries = Object.entries(namedSettings(vary as object, `${path}: vary`)) as [string, unknown][];
  for (const name of [...Object.keys(settings), ...entries.map(([each]) => each)])
    if (OWN.includes(name)) refuse(name, 'nothing: each run has a folder of its own', 'it');
  const choices = entries.map(([name, value]) => [name, choiceOf(name, value, `${path}: vary`, isRandom)] as const);
  const combinations = isRandom ? drawn(choices, runs as number, seed as number) : grid(choices, path);
  const planned = combinations.map((varied) => plannedRun(settings, varied, `${path}: vary`));
  const unique = [...new Map(planned.map((run) => [run.name, run])).values()];
  const measure = by ?? (settings.features === undefined ? 'loss-g' : 'kid');
  const chosen = measures.find((each) => each === measure) ?? refuse('by', `one of ${measures.join(', ')}`, by);
  if (chosen === 'kid' || chosen === 'frechet') {
    if (settings.features === undefined)
      refuse('by', '`features` among the settings: the network by which pictures are compared', chosen);
    const varied = entries.find(([name]) => FEATURES.includes(name));
    if (varied)
      refuse(`vary: ${dashedName(varied[0])}`, `the same for all runs, to compare them by ${chosen}`, varied[1]);
  }
  // Where it varies, runs with fewer have no such number, and the table says so.
  const { evalSamples = LEAST_SAMPLES } = settings;
  if (chosen === 'frechet' && evalSamples < LEAST_SAMPLES)
    refuse('eval-samples', `at least ${LEAST_SAMPLES}, which the Fréchet distance needs`, evalSamples);
  return { by: chosen, varied: entries.map(([name]) => name), runs: unique };
}

/** A run of checked settings. @throws InputError if they do not fit */
export function plannedRun(settings: ChosenSettings, varied: JsonObject, file: string): SweepRun {
  expectSettings(varied, table, { file, partial: true });
  const all = { ...settings, ...varied } as ChosenSettings;
  chosenConfig(givenSettings({ options: all }));
  return { name: runName(varied, all), settings: all };
}

/** The varied settings, and a hash of all: the same settings are the same run. */
export function runName(varied: JsonObject, all: ChosenSettings): string {
  const words = Object.entries(varied).map(
    ([name, value]) => `${dashedName(name)}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const readable = words
    .join(',')
    .replaceAll(/[^\w.,=+-]+/g, '_')
    .slice(0, 80);
  return `${readable}-${createHash('sha256')
    .update(canonicalJson(all as JsonObject))
    .digest('hex')
    .slice(0, 8)}`;
}

function choiceOf(name: string, value: unknown, file: string, isRandom: boolean): Choice {
  const refuse = (expected: string): never => {
    throw new InputError({ name: `${file}: ${name}`, expected, got: found(value) });
  };
  const setting = Object.hasOwn(table, name) ? table[name] : undefined;
  // The name is refused as gan-train refuses it.
  if (!setting) expectSettings({ [name]: value }, table, { file, partial: true });
  if (Array.isArray(value) && value.length > 0 && value.length <= MAX_RUNS)
    return { values: value.map((each: unknown) => (setting?.meant?.(each) ?? each) as Json) };
  if (!isRecord(value)) return refuse('a list of values, or a mapping with range or log-range');
  const { range, 'log-range': logRange, points, ...others } = value;
  const ends = range ?? logRange;
  if (Object.keys(others).length > 0 || (range === undefined) === (logRange === undefined))
    refuse('range or log-range, and points');
  if (!Array.isArray(ends) || ends.length !== 2 || !ends.every((end) => Number.isFinite(end)) || !(ends[0] < ends[1]))
    refuse('two numbers, the lower one first');
  const [from, to] = ends as [number, number];
  const logarithmic = logRange !== undefined;
  if (logarithmic && from <= 0) refuse('numbers above 0 as log-range');
  const isCount = Number.isSafeInteger(points) && (points as number) >= 2 && (points as number) <= MAX_RUNS;
  if (isRandom ? points !== undefined : !isCount)
    refuse(isRandom ? 'no points, as values are drawn at random' : 'points, a whole number of at least 2');
  return { from, to, logarithmic, points: isCount ? (points as number) : 0 };
}

/** A value of a range, at a place of 0…1. Settings that must be whole numbers are rounded. */
function valueAt(name: string, { from, to, logarithmic }: Extract<Choice, { from: number }>, place: number): number {
  const value = logarithmic ? from * (to / from) ** place : from + (to - from) * place;
  return table[name]?.whole ? Math.round(value) : Number(value.toPrecision(6));
}

function grid(choices: readonly (readonly [string, Choice])[], path: string): JsonObject[] {
  let all: JsonObject[] = [{}];
  for (const [name, choice] of choices) {
    const values =
      'values' in choice
        ? choice.values
        : Array.from({ length: choice.points }, (_, i) => valueAt(name, choice, i / (choice.points - 1)));
    if (all.length * values.length > MAX_RUNS) {
      throw new InputError({
        name: `${path}: vary`,
        expected: `at most ${MAX_RUNS} runs`,
        got: all.length * values.length,
      });
    }
    all = all.flatMap((run) => values.map((value) => ({ ...run, [name]: value })));
  }
  return all;
}

function drawn(choices: readonly (readonly [string, Choice])[], count: number, seed: number): JsonObject[] {
  const random = Random.derived(seed, 'sweep');
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      choices.map(([name, choice]) => [
        name,
        'values' in choice
          ? (choice.values[random.integer(choice.values.length)] as Json)
          : valueAt(name, choice, random.uniform()),
      ]),
    ),
  );
}
