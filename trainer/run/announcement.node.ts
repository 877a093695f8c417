/** @file What rank 0 of a group tells the others of the run: they need the pictures, but not the run's folder. */
import { isDeepStrictEqual } from 'node:util';
import { VERSION } from '../../exporter/version.js';
import { isRecord } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/index.js';
import type { RunFile } from '../checkpoint/run-file.node.js';
import { checkedConfig } from '../settings/checked-config.js';
import type { GanConfig } from '../settings/config.js';
import type { ChosenSettings } from '../settings/resolve-settings.node.js';
import { runSettings } from '../settings/run-settings.js';
import { configSettings, expectSettings, found } from '../settings/table.js';
import type { DataOptions } from '../data/sets/dataset.js';
import { isAdaState, type AdaState } from '../step/state/ada.js';
import type { Group } from '../step/state/group.js';

/** A run as all ranks have to know it. */
export interface Announcement extends Pick<RunFile, 'data' | 'dataIdentity'> {
  run: string;
  config: GanConfig;
  dataOptions: DataOptions;
  steps: number;
  done: number;
  ada?: AdaState | undefined;
}

/** Settings that may differ from machine to machine, or that only rank 0 uses. */
const OWN = new Set(
  (
    'data cache cacheSize device devices out name notes checkMemory logEvery sampleEvery checkpointEvery keep ' +
    'eval evalEvery evalSamples features featuresMean featuresStd featuresSize'
  ).split(' '),
);

/** Rank 0: tells the run. @param given settings that were chosen */
export async function announce(group: Group, given: ChosenSettings, announcement: Announcement): Promise<void> {
  await send(group, { version: VERSION, given: common(given), ...announcement });
}

/** Rank 0: tells why there is no run. */
export async function announceProblem(group: Group, error: Error): Promise<void> {
  await send(group, { problem: error.message });
}

async function send(group: Group, content: object): Promise<void> {
  await group.fromFirst(Uint8Array.from(Buffer.from(JSON.stringify(content))));
}

/**
 * Another rank: the run as rank 0 has it.
 * @param given settings that were chosen here
 * @throws InputError if rank 0 could not start it, or has another version or other settings
 */
export async function announced(group: Group, given: ChosenSettings): Promise<Announcement> {
  const content: unknown = JSON.parse(new TextDecoder().decode(await group.fromFirst(new Uint8Array())));
  const { problem, version, given: first, ...rest } = isRecord(content) ? content : {};
  if (typeof problem === 'string') throw new InputError(`rank 0: ${problem}`);
  if (version !== VERSION)
    throw new InputError({
      name: `rank ${group.rank}`,
      expected: `version ${found(version)} of ganscope, as rank 0`,
      got: VERSION,
    });
  expectSame(group, given, isRecord(first) ? first : {});
  const { run, data = null, dataOptions, dataIdentity, steps, done, ada } = rest;
  const options = isRecord(dataOptions) ? dataOptions : {};
  expectSettings(options, runSettings, { file: 'rank 0', partial: true });
  const config = checkedConfig(rest['config'], 'rank 0');
  return {
    run: String(run),
    config,
    data: typeof data === 'string' ? data : null,
    dataOptions: options,
    dataIdentity: typeof dataIdentity === 'string' ? dataIdentity : undefined,
    steps: Number(steps),
    done: Number(done),
    ...(isAdaState(ada, config) && { ada }),
  };
}

/** The settings that all ranks have to share. */
const common = (given: ChosenSettings) => Object.fromEntries(Object.entries(given).filter(([name]) => !OWN.has(name)));

function expectSame(group: Group, given: ChosenSettings, first: Readonly<Record<string, unknown>>): void {
  const here: Readonly<Record<string, unknown>> = common(given);
  for (const name of [...Object.keys(configSettings), ...Object.keys(runSettings)]) {
    if (isDeepStrictEqual(here[name], first[name])) continue;
    throw new InputError({
      name,
      expected: `${found(first[name])}, as rank 0 has it`,
      got: `${found(here[name])} on rank ${group.rank}`,
    });
  }
}
