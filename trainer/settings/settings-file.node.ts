/** @file Settings read from a JSON or YAML file. */
import { isRecord } from '../../inference/parse/json.js';
import { InputError } from '../../onnx/errors.js';
import type { ChosenSettings, SettingSources } from './resolve-settings.node.js';
import { configSettings, expectSettings, type Setting } from './table.js';
import { runSettings } from './run-settings.js';

const MAX_BYTES = 64 * 1024;

/**
 * The settings in a JSON or YAML file: a mapping from names, as in config.json (`batchSize`) or with dashes (`batch-size`), to
 * values. YAML is read by its core schema, which knows no tags that make objects; aliases are refused.
 * @throws InputError if the file is larger than 64 KiB, cannot be parsed, or holds a name or value that is none
 */
export async function readSettingsFile(path: string): Promise<ChosenSettings> {
  const table: Readonly<Record<string, Setting>> = { ...configSettings, ...runSettings };
  const settings = namedSettings(await readMapping(path), path);
  expectSettings(settings, table, { file: path, partial: true });
  return settings;
}

/** A JSON or YAML file that holds a mapping. @throws InputError if it is larger than 64 KiB or cannot be parsed */
export async function readMapping(path: string): Promise<object> {
  // Loaded where they are needed, here and below: `--help` shows the table of settings without them.
  const { readBoundedFile } = await import('../../onnx/files/files.node.js');
  const bytes = await readBoundedFile(path, MAX_BYTES);
  return parsedMapping(new TextDecoder().decode(bytes), path);
}

/** Entries of a file under the names of settings, with the values that they stand for. @throws InputError for a name twice */
export function namedSettings(values: object, path: string): ChosenSettings {
  const named = Object.entries(values).map(([name, value]) => [camelCase(name), value] as const);
  const twice = named.find(([name], index) => named.findIndex(([other]) => other === name) < index);
  if (twice !== undefined)
    throw new InputError({ name: `${path}: ${twice[0]}`, expected: 'once', got: 'it in two spellings' });
  const table: Readonly<Record<string, Setting>> = { ...configSettings, ...runSettings };
  const meant = named.map(([name, value]) => [
    name,
    Object.hasOwn(table, name) ? (table[name]?.meant?.(value) ?? value) : value,
  ]);
  return Object.fromEntries(meant);
}

/** Options, and the settings of a file where one is named. @throws InputError if the file holds something else */
export async function settingSources(options: ChosenSettings, path?: string): Promise<SettingSources> {
  return path === undefined ? { options } : { options, file: { path, settings: await readSettingsFile(path) } };
}

async function parsedMapping(text: string, path: string): Promise<object> {
  const { parseDocument } = await import('yaml');
  const refusal = (found: string) => new InputError({ name: path, expected: 'settings in JSON or YAML', got: found });
  try {
    const document = parseDocument(text, { schema: 'core', strict: true, uniqueKeys: true, stringKeys: true });
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) throw error;
    const values: unknown = document.toJS({ maxAliasCount: 0 });
    if (!isRecord(values)) throw refusal('no mapping');
    return values;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw refusal(`an error (${(error as Error).message.split('\n')[0]})`);
  }
}

/** `batch-size` → `batchSize` */
function camelCase(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
