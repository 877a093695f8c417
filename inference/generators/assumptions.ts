/** @file What is assumed of a generator of others, each with the option that changes it. */
import type { Assumption } from '../graphs/assumption.js';
import type { LatentDistribution } from '../latent/distribution.js';
import type { LatentInput } from './generator-inputs.js';
import type { GivenNumbers } from './given-numbers.js';
import type { OpenedGenerator } from './open-generator.js';

/**
 * What is assumed of a generator's latents, class and pictures.
 * @param stated whether the size of its latents was given
 */
export function assumedOfGenerator(
  { name, dims, label, open }: LatentInput,
  { outputs, inputs, output, size, layout, order }: OpenedGenerator & { outputs: number; inputs: GivenNumbers },
  stated: boolean,
): Assumption[] {
  const known = label?.classes === undefined ? '' : ` of ${label.classes}`;
  const named = typeof label?.label === 'number' && label.names ? ` (${label.names[label.label]})` : '';
  const colours = size.channels === 1 ? 'grey' : order.taken;
  const chosen = outputs > 1 ? 'the first output with the sizes of pictures' : 'the only output';
  return [
    {
      about: 'latent',
      taken: `"${name}", ${dims[0]} numbers`,
      because: !open ? 'as the model fixes it' : stated ? 'as stated' : "as the model's metadata say",
      options: open ? ['latentDim'] : [],
    },
    ...(label
      ? [
          {
            about: 'label',
            taken: `${label.label}${named}${known} in "${label.name}"`,
            because: 'as stated',
            options: ['label'],
          },
        ]
      : []),
    ...Object.entries(inputs).map(([input, { data }]) => ({
      about: 'input',
      taken: `"${input}", ${data.length === 1 ? data[0] : `${data.length} numbers`}`,
      because: 'as stated',
      options: ['input'],
    })),
    {
      about: 'pictures',
      taken: `"${output}", ${colours}, ${size.height}×${size.width}, ${layout}`,
      because: size.channels === 1 ? chosen : `${chosen}; colours ${order.because}`,
      options: [],
    },
  ];
}

/** What latents are drawn from, where somebody said it, or nobody can know it. @param isOwn whether this package has trained the generator */
export function assumedOfDistribution(stated: LatentDistribution | undefined, isOwn: boolean): Assumption[] {
  if (stated === undefined && isOwn) return [];
  const taken = stated === 'uniform' ? 'uniform numbers of -1…1' : 'numbers of the normal distribution';
  const because = stated === undefined ? 'default' : 'as stated';
  return [{ about: 'latents of seeds', taken, because, options: ['latentDistribution'] }];
}
