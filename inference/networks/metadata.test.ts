import { describe, expect, it } from 'vitest';
import { metadataEntries, readGanMetadata, type GanMetadata } from './metadata.js';

const discriminator: GanMetadata = {
  role: 'discriminator',
  preset: 'cub200',
  seed: 999,
  step: 5077,
  latentDim: 100,
  latentDistribution: 'normal',
  normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  resize: 'crop',
  outputRange: 'normalization',
  channels: 3,
  height: 64,
  width: 64,
  logits: ['logit'],
  probabilities: ['probability'],
};
const generator: GanMetadata = {
  ...discriminator,
  role: 'generator',
  outputRange: 'tanh',
  logits: [],
  probabilities: [],
};
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

describe('readGanMetadata(entries)', () => {
  it.each([discriminator, generator, { ...generator, channels: 1 as const, normalization: { mean: [0], std: [1] } }])(
    'gives back what metadataEntries wrote: $role, $channels channels',
    (metadata) => expect(readGanMetadata(metadataEntries(metadata))).toEqual(metadata),
  );

  it('is undefined for a model of someone else', () => {
    expect(readGanMetadata(new Map([['author', 'someone']]))).toBeUndefined();
  });

  it.each([
    ['role', 'judge', 'expected one of generator, discriminator; got "judge"'],
    ['latent_dim', '1e9', 'expected an integer of 1…65536; got "1e9"'],
    ['latent_dim', '999999999', 'expected an integer of 1…65536; got "999999999"'],
    ['height', '-4', 'expected an integer of 1…65536; got "-4"'],
    ['channels', '2', 'expected one of 1, 3; got "2"'],
    ['seed', '', 'expected an integer of 0…9007199254740991; got ""'],
    ['normalization_mean', '0.5,0.5', 'expected 3 numbers; got "0.5,0.5"'],
    ['normalization_mean', '0.5,,0.5', 'expected 3 numbers; got "0.5,,0.5"'],
    ['normalization_std', '0.5,0,0.5', 'expected 3 positive numbers; got "0.5,0,0.5"'],
    ['normalization_std', '0.5,Infinity,0.5', 'expected 3 positive numbers; got "0.5,Infinity,0.5"'],
    ['resize', 'stretch', 'expected one of crop, squash, pad; got "stretch"'],
    ['preset', 'x'.repeat(5000), `expected text of at most 4096 characters; got "${'x'.repeat(80)}"`],
  ])('refuses %s "%s"', (key, value, message) => {
    const entries = metadataEntries(discriminator).set(`ganscope.${key}`, value);
    expect(() => readGanMetadata(entries)).toThrow(`metadata ganscope.${key}: ${message}`);
  });

  it('refuses missing entries', () => {
    const entries = metadataEntries(discriminator);
    entries.delete('ganscope.width');
    expect(() => readGanMetadata(entries)).toThrow(
      'metadata ganscope.width: expected an integer of 1…65536; got nothing',
    );
  });
});

describe('metadataEntries(metadata)', () => {
  it.each([
    ['a generator whose −1 is black', generator, 'Normalized_1_1'],
    ['a discriminator of pictures from −1 to 1', { ...discriminator, normalization: half }, 'Normalized_1_1'],
    ['a discriminator of other pictures', discriminator, undefined],
    [
      'grey pictures from 0 to 1',
      { ...discriminator, channels: 1 as const, normalization: { mean: [0], std: [1] } },
      'Normalized_0_1',
    ],
  ])('gives the standard pixel range of %s', (_, metadata, range) => {
    expect(metadataEntries(metadata).get('Image.NominalPixelRange')).toBe(range);
  });

  it('gives the standard pixel format', () => {
    expect(metadataEntries(generator).get('Image.BitmapPixelFormat')).toBe('Rgb8');
    expect(metadataEntries({ ...generator, channels: 1 }).get('Image.BitmapPixelFormat')).toBe('Gray8');
  });
});
