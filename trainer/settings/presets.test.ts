/** @file The presets are the seeds' hyper-parameters, and only valid configurations come out. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { common, configurations, dataSets } from '../../bench/quality/configurations.js';
import { InputError } from '../../onnx/errors.js';
import { checkedConfig } from './checked-config.js';
import { presetNames, type GanConfig, type PresetName } from './config.js';
import { configWith, presets } from './presets.js';
import { dashedName } from './table.js';

/** A preset as the rows of the seeds' table. */
const columns = (name: PresetName) => {
  const p = presets[name];
  return {
    picture: [p.imageSize, p.channels, p.resize, p.normalization],
    nets: [p.latentDim, p.ngf, p.ndf, p.head, p.convBias, p.firstBatchNorm, p.batchNormEpsilon, p.batchNormInitStd],
    training: [p.batchSize, p.lr, p.lrD, p.beta1, p.beta2, p.epochs, p.freshLatents, p.halveDiscriminatorLoss],
  };
};

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

describe('presets', () => {
  it('are the hyper-parameters of the seed systems and of birds', () => {
    const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    expect(Object.fromEntries(presetNames.map((name) => [name, columns(name)]))).toEqual({
      cub200: {
        picture: [128, 3, 'crop', imagenet],
        nets: [100, 128, 128, 'dense', false, false, 1e-5, 0.02],
        training: [128, 2e-4, 2e-4, 0.5, 0.999, 200, false, false],
      },
      'fashion-mnist': {
        picture: [64, 1, 'crop', { mean: [0], std: [1] }],
        nets: [100, 128, 128, 'conv', true, false, 1e-5, 0],
        training: [64, 2e-4, 1e-4, 0.5, 0.999, 24, true, false],
      },
      pokemon: {
        picture: [64, 3, 'squash', half],
        nets: [100, 64, 64, 'conv', false, true, 0.8, 0.02],
        training: [256, 5e-3, 5e-3, 0.5, 0.999, 50, false, true],
      },
      space: {
        picture: [64, 3, 'crop', half],
        nets: [128, 64, 64, 'conv', false, true, 1e-5, 0],
        training: [10, 2e-3, 2e-3, 0.5, 0.999, 200, true, false],
      },
      birds: {
        picture: [64, 3, 'crop', half],
        nets: [100, 16, 16, 'conv', false, false, 1e-5, 0.02],
        training: [32, 2e-4, 2e-4, 0.5, 0.999, 251, false, false],
      },
    });
  });

  it('birds is the best row of 40 minutes with a name', () => {
    const { preset, ...settings } = { ...common, ...configurations['diffaugment'] };
    const trained = configWith(preset, { ...settings, imageSize: dataSets.cub.imageSize, normalization: half });
    expect(presets.birds).toEqual({ ...trained, preset: 'birds', epochs: 251 });
  });

  it.each(presetNames)('%s is valid, carries its own name and comes out of configWith unchanged', (name) => {
    expect(presets[name].preset).toBe(name);
    expect(configWith(name)).toEqual(presets[name]);
  });
});

describe('the table of presets in docs/train.md', () => {
  const text = readFileSync(new URL('../../../docs/train.md', import.meta.url), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const named = new Map(rows.map(([, name = '', ...cells]) => [name, cells.slice(0, presetNames.length)]));
  const shown = (value: GanConfig[keyof GanConfig]) => {
    if (typeof value === 'boolean') return value ? 'yes' : 'no';
    if (Array.isArray(value)) return value.join(' ') || 'no';
    if (typeof value !== 'object' || !('mean' in value)) return String(value);
    return `${value.mean.join(' ')} / ${value.std.join(' ')}`;
  };
  const settings = Object.keys(presets.space).filter((name) => name !== 'preset') as (keyof GanConfig)[];
  const differing = settings.filter(
    (name) => new Set(presetNames.map((preset) => shown(presets[preset][name]))).size > 1,
  );

  it('has the presets in its columns and a row for every setting in which they differ', () => {
    expect(named.get('setting')).toEqual([...presetNames]);
    expect(differing.map(dashedName).filter((name) => !named.has(name))).toEqual([]);
  });

  it.each(settings.filter((name) => named.has(dashedName(name))))('has the values of %s', (name) => {
    expect(named.get(dashedName(name))).toEqual(presetNames.map((preset) => shown(presets[preset][name])));
  });
});

describe('configWith(preset, overrides)', () => {
  it('changes what is given and keeps what is undefined', () => {
    const config = configWith('pokemon', { imageSize: 32, ngf: undefined, seed: 7 });
    expect(config).toEqual({ ...presets.pokemon, imageSize: 32, seed: 7 });
  });

  it("keeps the discriminator's learning rate in its ratio to lr, unless it is given", () => {
    expect(configWith('fashion-mnist', { lr: 1e-3 }).lrD).toBeCloseTo(5e-4, 12);
    expect(configWith('space', { lr: 2e-4 }).lrD).toBe(2e-4);
    expect(configWith('space', { lr: 2e-4, lrD: 1e-5 }).lrD).toBe(1e-5);
  });

  it("takes the generator's norm for the discriminator, unless that is given", () => {
    expect(configWith('space', { norm: 'none' }).normD).toBe('none');
    expect(configWith('space', { norm: 'none', normD: 'batch' }).normD).toBe('batch');
  });

  it('gives penalties the numbers of their papers, and wgan-gp a discriminator without batch norm', () => {
    const numbers = ({ r1Every, gp, clip, norm, normD }: GanConfig) => [r1Every, gp, clip, norm, normD];
    expect(numbers(configWith('space', { r1: 10 }))).toEqual([16, 0, 0, 'batch', 'batch']);
    expect(numbers(configWith('space', { r2: 10, r1Every: 1 }))).toEqual([1, 0, 0, 'batch', 'batch']);
    expect(numbers(configWith('space', { loss: 'wgan-gp' }))).toEqual([1, 10, 0, 'batch', 'none']);
    expect(numbers(configWith('space', { loss: 'wgan' }))).toEqual([1, 0, 0.01, 'batch', 'batch']);
  });

  it('gives a normalisation its number of channels where all are alike, and asks where they are not', () => {
    expect(configWith('space', { channels: 1 }).normalization).toEqual({ mean: [0.5], std: [0.5] });
    expect(configWith('fashion-mnist', { channels: 3 }).normalization).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] });
    expect(() => configWith('cub200', { channels: 1 })).toThrow(
      'normalization: expected numbers for 1 channel(s); got 3',
    );
    const normalization = { mean: [0.4], std: [0.2] };
    expect(configWith('cub200', { channels: 1, normalization }).normalization).toEqual(normalization);
  });

  it.each<[Partial<GanConfig>, string]>([
    [{ imageSize: 60 }, 'imageSize: expected 4·2^k between 8 and 512 (8, 16, 32, …); got 60'],
    [{ imageSize: 1024 }, 'imageSize: expected 4·2^k between 8 and 512 (8, 16, 32, …); got 1024'],
    [{ channels: 2 as 1 }, 'channels: expected one of 1, 3; got 2'],
    [{ latentDim: 0 }, 'latentDim: expected an integer of 1…65536; got 0'],
    [{ ngf: 1.5 }, 'ngf: expected an integer of 1…1024; got 1.5'],
    [{ ndf: -1 }, 'ndf: expected an integer of 1…1024; got -1'],
    [{ head: 'linear' as 'conv' }, 'head: expected one of dense, conv; got "linear"'],
    [{ batchSize: Number.NaN }, 'batchSize: expected an integer of 1…65536; got NaN'],
    [{ lr: 0 }, 'lr: expected a number above 0 and at most 1; got 0'],
    [{ lrD: Number.POSITIVE_INFINITY }, 'lrD: expected a number above 0 and at most 1; got Infinity'],
    [{ beta1: 1 }, 'beta1: expected a number of at least 0 and below 1; got 1'],
    [
      { loss: 'gan' as 'bce' },
      'loss: expected one of bce, hinge, lsgan, wgan, wgan-gp, rasgan, rahinge, ralsgan; got "gan"',
    ],
    [{ labelSmoothing: 0.5 }, 'labelSmoothing: expected a number of at least 0 and below 0.5; got 0.5'],
    [{ loss: 'hinge', labelSmoothing: 0.1 }, 'labelSmoothing: expected 0, as the hinge loss has no labels; got 0.1'],
    [{ loss: 'rasgan', labelSmoothing: 0.1 }, 'labelSmoothing: expected 0, as the rasgan loss has no labels; got 0.1'],
    [{ r1: -1 }, 'r1: expected a number of at least 0; got -1'],
    [{ r1Every: 16 }, 'r1Every: expected r1 or r2 beside it; got 16'],
    [{ gp: 10 }, 'gp: expected the loss wgan-gp beside it; got 10'],
    [{ loss: 'wgan-gp', gp: 0 }, 'gp: expected a number above 0 for the loss wgan-gp; got 0'],
    [{ clip: 0.01, loss: 'wgan-gp' }, 'clip: expected the loss wgan beside it; got 0.01'],
    [
      { loss: 'wgan-gp', normD: 'batch' },
      'normD: expected none with the loss wgan-gp, whose penalty is of single pictures; got "batch"',
    ],
    [{ norm: 'layer' as 'none' }, 'norm: expected one of batch, none; got "layer"'],
    [{ diffaugment: ['color', 'color'] }, 'diffaugment: expected a list of color, translation, cutout, each at most'],
    [{ ema: 1 }, 'ema: expected a number of at least 0 and below 1; got 1'],
    [{ dSteps: 0 }, 'dSteps: expected an integer of 1…100; got 0'],
    [{ lrDecay: 'step' as 'none' }, 'lrDecay: expected one of none, linear, cosine; got "step"'],
    [{ lrDecayStart: 1 }, 'lrDecayStart: expected a number of at least 0 and below 1; got 1'],
    [{ lrDecayStart: 0.5 }, 'lrDecayStart: expected `lrDecay` linear or cosine beside it; got 0.5'],
    [{ emaWarmup: false }, 'emaWarmup: expected `ema` beside it; got false'],
    [{ norm: 'none', batchNormEpsilon: 0.001 }, 'batchNormEpsilon: expected `norm` batch beside it; got 0.001'],
    [{ norm: 'none', batchNormInitStd: 0.1 }, 'batchNormInitStd: expected `norm` batch beside it; got 0.1'],
    [{ epochs: 0 }, 'epochs: expected an integer of 1…1000000000; got 0'],
    [{ seed: -1 }, 'seed: expected an integer of 0…2^53 − 1; got -1'],
    [{ batchNormEpsilon: 0 }, 'batchNormEpsilon: expected a number above 0; got 0'],
    [{ normalization: { mean: [0, 0, 0], std: [1, 0, 1] } }, 'normalization: expected mean and std'],
  ])('refuses %j', (overrides, message) => {
    expect(() => configWith('space', overrides)).toThrow(InputError);
    expect(() => configWith('space', overrides)).toThrow(message);
  });

  it.each<Partial<GanConfig>>([
    { lrDecayStart: 0.5, lrDecay: 'linear' },
    { emaWarmup: false, ema: 0.9 },
    { norm: 'none', normD: 'batch', batchNormEpsilon: 0.001, batchNormInitStd: 0.1 },
    // As files of --print-config have them.
    { ...presets.pokemon, norm: 'none', normD: 'none' },
  ])('accepts %j', (overrides) => {
    expect(configWith('pokemon', overrides)).toMatchObject(overrides);
  });

  it('lists the presets when there is none of that name', () => {
    expect(() => configWith('owls' as 'space')).toThrow(
      'preset: expected one of cub200, fashion-mnist, pokemon, space, birds; got "owls"',
    );
  });
});

describe('configWith(preset, { ada })', () => {
  it.each([
    [{}, { adaSignal: 'sign', adaTarget: 0.6, heldOut: 0, diffaugment: [] }],
    [{ heldOut: 0.2 }, { adaSignal: 'sign', adaTarget: 0.6, heldOut: 0.2, diffaugment: [] }],
    [{ ada: true }, { adaSignal: 'held-out', adaTarget: 0.5, heldOut: 0.1 }],
    [
      { ada: true, heldOut: 0.3, adaTarget: 0.4 },
      { adaSignal: 'held-out', adaTarget: 0.4, heldOut: 0.3 },
    ],
    [
      { ada: true, adaSignal: 'sign' },
      { adaSignal: 'sign', adaTarget: 0.6, heldOut: 0 },
    ],
    [
      { ada: true, adaSignal: 'sign', heldOut: 0.3 },
      { adaSignal: 'sign', adaTarget: 0.6, heldOut: 0.3 },
    ],
    // r_v goes with losses whose logits have no sign of their own.
    [
      { ada: true, loss: 'wgan' },
      { adaSignal: 'held-out', adaTarget: 0.5, heldOut: 0.1 },
    ],
  ] as const)('with %j has the signal, target and held-out share %j', (given, expected) => {
    expect(configWith('space', given)).toMatchObject(expected);
  });
});

describe('checkedConfig(values, file)', () => {
  it('takes a configuration that was saved before held-out pictures as one that follows the signs', () => {
    const { adaSignal: _, heldOut: __, ...older } = configWith('space', { ada: true, adaSignal: 'sign' });
    expect(checkedConfig(older)).toMatchObject({ ada: true, adaSignal: 'sign', adaTarget: 0.6, heldOut: 0 });
  });

  it('takes a configuration that was saved with settings of no use, as earlier versions let pass', () => {
    const saved = {
      ...configWith('space', { norm: 'none' }),
      lrDecayStart: 0.5,
      emaWarmup: false,
      batchNormEpsilon: 0.1,
    };
    expect(checkedConfig(saved)).toEqual(saved);
  });

  it('accepts what configWith made, after JSON', () => {
    const config = configWith('cub200', { imageSize: 64 });
    expect(checkedConfig(JSON.parse(JSON.stringify(config)), 'config.json')).toEqual(config);
  });

  it.each([
    [null, 'config.json: expected an object of settings; got null'],
    [{ ...presets.space, ngf: '64' }, 'config.json: ngf: expected an integer of 1…1024; got "64"'],
    [
      { ...presets.space, beta2: undefined },
      'config.json: beta2: expected a number of at least 0 and below 1; got nothing',
    ],
    [
      { ...presets.space, nfg: 64 },
      'config.json: nfg: expected the name of a setting, such as ngf; there is none of this',
    ],
  ])('names the file and the setting (%#)', (values, message) => {
    expect(() => checkedConfig(values, 'config.json')).toThrow(InputError);
    expect(() => checkedConfig(values, 'config.json')).toThrow(message);
  });
});
