/** @file What the page may ask of a training: its name and settings, checked as gan-train checks them. */
import { isRecord } from '../../../inference/parse/json.js';
import { InputError } from '../../../onnx/index.js';
import { chosenConfig, givenSettings, type ChosenSettings } from '../../../trainer/settings/resolve-settings.node.js';
import { runSettings } from '../../../trainer/settings/run-settings.js';
import { namedSettings } from '../../../trainer/settings/settings-file.node.js';
import { configSettings, found, type Setting } from '../../../trainer/settings/table.js';

/** A training to start. */
export interface TrainingRequest {
  /** Name of the new run's folder. */
  run: string;
  settings: ChosenSettings;
}

/** Settings of files that are written elsewhere: the command line alone says where to. */
const FOR_COMMANDS = ['out', 'cache', 'cacheSize'] as const;
/** Folders beside the runs. */
const RESERVED = ['latest', 'tensorboard'];

/**
 * The training that the page asks to start.
 * @throws InputError that names the field, or the setting with a value it may not have
 */
export function parsedTraining(body: unknown): TrainingRequest {
  const { run, settings = {} } = fieldsOf(body, ['run', 'settings']);
  const named = parsedSettings(settings);
  // What does not fit together is told before a process is started.
  chosenConfig(named);
  return { run: parsedName(run), settings: named };
}

/**
 * The settings that a resumed run goes on with.
 * @throws InputError if a resumed run keeps one of them
 */
export function parsedResume(body: unknown): ChosenSettings {
  const { settings = {} } = fieldsOf(body, ['settings']);
  const named = parsedSettings(settings);
  const table: Readonly<Record<string, Setting>> = { ...configSettings, ...runSettings };
  const kept = Object.keys(named).find((name) => table[name]?.resume === 'kept');
  if (kept === undefined) return named;
  throw new InputError({ name: kept, expected: 'nothing: a resumed run keeps it' });
}

function parsedName(name: unknown): string {
  const isPlain = typeof name === 'string' && /^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,99}$/u.test(name);
  if (isPlain && !RESERVED.includes(name.toLowerCase()) && !/[. ]$/.test(name)) return name;
  const expected = 'up to 100 letters, digits, spaces, dots, _ and -, beginning with one of the first two or _';
  throw new InputError({ name: 'run', expected, got: found(name) });
}

function parsedSettings(values: unknown): ChosenSettings {
  if (!isRecord(values)) throw new InputError({ name: 'settings', expected: 'settings by name', got: found(values) });
  const named = givenSettings({ options: namedSettings(values, 'settings') });
  const other = FOR_COMMANDS.find((name) => named[name] !== undefined);
  if (other !== undefined) throw new InputError({ name: other, expected: 'it on the command line of gan-train only' });
  if (named.features !== undefined && /^[a-z][a-z0-9+.-]+:\/\//i.test(named.features)) {
    throw new InputError({ name: 'features', expected: 'a file', got: found(named.features) });
  }
  return named;
}

function fieldsOf(body: unknown, names: readonly string[]): Record<string, unknown> {
  if (!isRecord(body)) throw new InputError({ name: 'body', expected: 'an object in JSON', got: found(body) });
  const other = Object.keys(body).find((name) => !names.includes(name));
  if (other === undefined) return body;
  throw new InputError({ name: 'body', expected: `only ${names.join(' and ')}`, got: found(other) });
}
