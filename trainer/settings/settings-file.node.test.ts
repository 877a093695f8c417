/** @file Settings from JSON and YAML, what wins, and what is refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { chosenConfig, describedSettings, givenSettings, type ChosenSettings } from './resolve-settings.node.js';
import { presetNames } from './config.js';
import { presets } from './presets.js';
import { configSettings } from './table.js';
import { readSettingsFile, settingSources } from './settings-file.node.js';

const folder = await mkdtemp(join(tmpdir(), 'ganscope-settings-'));
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(text: string, name = 'run.yaml'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}
const read = async (text: string, name?: string) => readSettingsFile(await fileOf(text, name));

describe('readSettingsFile(path)', () => {
  it('reads YAML and JSON, names as in config.json or as flags', async () => {
    const yaml = '# birds\npreset: cub200\nbatch-size: 64\nlrD: 1e-4\nclasses: [1, Eared_Grebe]\nflip: true\n';
    const settings = { preset: 'cub200', batchSize: 64, lrD: 1e-4, classes: ['1', 'Eared_Grebe'], flip: true };
    expect(await read(yaml)).toEqual(settings);
    expect(await read(JSON.stringify(settings, null, '\t'), 'run.json')).toEqual(settings);
    expect(await read('classes: 1, wren\nnormalization: 0.5/0.25')).toEqual({
      classes: ['1', 'wren'],
      normalization: { mean: [0.5], std: [0.25] },
    });
  });

  it.each([
    ['nfg: 64', /run\.yaml: nfg: expected the name of a setting, such as ngf; there is none of this name$/],
    ['__proto__: 1', /run\.yaml: __proto__: expected the name of a setting/],
    ['constructor: 1', /run\.yaml: constructor: expected the name of a setting/],
    ['resume: runs/a', /run\.yaml: resume: expected the name of a setting, such as resize;/],
    ['normalization: 0.5/0.25/9', /run\.yaml: normalization: expected mean and std, .*; got "0\.5\/0\.25\/9"$/],
    ['ngf: "64"', /run\.yaml: ngf: expected an integer of 1…1024; got "64"$/],
    ['lr: 2', /run\.yaml: lr: expected a number above 0 and at most 1; got 2$/],
    ['data:', /run\.yaml: data: expected a path; got null$/],
    ['ngf: 1\nngf: 2', /expected settings in JSON or YAML; got an error \(Map keys must be unique.*\)$/],
    ['batchSize: 1\nbatch-size: 2', /batchSize: expected once; got it in two spellings$/],
    ['- ngf', /expected settings in JSON or YAML; got no mapping$/],
    ['a: &a [x]\nclasses: *a', /expected settings in JSON or YAML; got an error/],
    ['data: !!js/function "function () {}"', /expected settings in JSON or YAML; got an error/],
    ['{', /expected settings in JSON or YAML; got an error/],
    [`data: ${'x'.repeat(70_000)}`, /expected at most 65536 bytes; got 70006$/],
  ])('refuses %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(InputError);
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe('givenSettings(sources) and chosenConfig(given)', () => {
  it('options win over the file, the file over the preset', async () => {
    const file = await fileOf('preset: pokemon\nngf: 16\nlr: 0.001\nsteps: 9\n');
    const given = givenSettings(await settingSources({ ngf: 8, seed: undefined }, file));
    expect(given).toEqual({ preset: 'pokemon', ngf: 8, lr: 0.001, steps: 9 });
    expect(chosenConfig(given)).toEqual({ ...presets.pokemon, ngf: 8, lr: 0.001, lrD: 0.001 });
  });

  it('epochs that are given win over the steps of a file, and both cannot be', async () => {
    const file = await fileOf(describedSettings({ options: { steps: 9 } }));
    expect(givenSettings(await settingSources({}, file))).toMatchObject({ steps: 9, epochs: 200 });
    const given = givenSettings(await settingSources({ epochs: 7 }, file));
    expect([given.steps, given.epochs]).toEqual([undefined, 7]);
    expect(() => givenSettings({ options: { steps: 9, epochs: 7 } })).toThrow('steps and epochs cannot be combined');
  });

  it('names the setting that is wrong', () => {
    const options: ChosenSettings = { checkpointEvery: 0.5 };
    expect(() => chosenConfig({ preset: 'cub200', firstBatchNorm: true, normD: 'none' })).toThrow(
      'firstBatchNorm: expected `normD` batch beside it; got true',
    );
    expect(() => givenSettings({ options })).toThrow('checkpointEvery: expected a whole number of at least 1; got 0.5');
  });
});

describe('describedSettings(sources)', () => {
  it.each(presetNames)('prints all values of %s as a file that gives them again', async (preset) => {
    const printed = describedSettings({ options: { preset } });
    const path = await fileOf(printed);
    const again = await settingSources({}, path);
    expect(chosenConfig(givenSettings(again))).toEqual(presets[preset]);
    const values = printed.split('\n').filter((line) => /# preset /.test(line));
    expect(values).toHaveLength(Object.keys(configSettings).length - 1);
  });

  it('says where each value comes from', async () => {
    const file = await fileOf('preset: fashion-mnist\nlr: 0.001\n');
    const lines = describedSettings(await settingSources({ channels: 3, data: 'x' }, file)).split('\n');
    const origin = (name: string) =>
      lines.find((line) => line.replace('# ', '').startsWith(`${name}:`))?.replace(/\s+#/, ' #');
    expect(origin('preset')).toBe(`preset: "fashion-mnist" # ${file}`);
    expect(origin('lr')).toBe(`lr: 0.001 # ${file}`);
    expect(origin('lr-d')).toBe('lr-d: 0.0005 # preset fashion-mnist, fitted to the others');
    expect(origin('channels')).toBe('channels: 3 # option');
    expect(origin('epochs')).toBe('epochs: 24 # preset fashion-mnist');
    expect(origin('data')).toBe('data: "x" # option');
    expect(origin('split')).toBe('split: "all" # default');
    expect(origin('steps')).toBe('# steps: # not set');
  });
});
