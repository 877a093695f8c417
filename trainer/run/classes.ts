/** @file The classes of a conditional run: the data tell them, and a resumed run has to find the same. */
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../onnx/index.js';
import type { Dataset } from '../data/sets/dataset.js';
import type { GanConfig } from '../settings/config.js';
import { found } from '../settings/table.js';

/**
 * The configuration with the classes of the data, where it is conditional.
 * @throws InputError if the data have fewer than two classes, or others than those a resumed run was trained on
 */
export function configOfData(config: GanConfig, { labels, name }: Dataset): GanConfig {
  if (!config.conditional) return config;
  const classNames = labels?.classes ?? [];
  if (classNames.length < 2) {
    const got = labels ? `${found(classNames)} in ${name}` : `${name}, which has no classes`;
    throw new InputError({
      name: 'conditional',
      expected: 'pictures of at least two classes, such as class folders',
      got,
    });
  }
  const kept = config.classNames;
  if (kept.length === 0) return { ...config, classNames };
  if (isDeepStrictEqual([...kept], [...classNames])) return config;
  throw new InputError({
    name: 'data',
    expected: `the classes that the run was trained on, ${found(kept)}`,
    got: `${found(classNames)} in ${name}`,
  });
}
