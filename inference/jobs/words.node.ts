/** @file The options of all sampling jobs as a command line has them. */
import type { Option } from './options/option.js';
import type { SampleRequest } from './sample-job.node.js';
import { allKinds } from './table.node.js';

export { latentDistributions } from '../latent/distribution.js';

/** All options, by name, with the heading that each stands under: the kind's own title, or none for shared ones. */
export function sampleOptions(): Record<string, Option & { title?: string }> {
  const names = new Set(allKinds.toReversed().flatMap(({ options }) => Object.keys(options)));
  const found = [...names].map((name): [string, Option & { title?: string }] => {
    const having = allKinds.filter(({ options }) => name in options);
    const own = having.length === 1 ? having[0] : allKinds.find(({ trigger }) => trigger === name);
    return [name, { ...(having[0]?.options[name] as Option), ...(own && { title: own.title }) }];
  });
  return Object.fromEntries(found);
}

/**
 * A request from the words of a command line.
 * @param words texts, numbers and flags by the names of options; other names are left out
 * @throws InputError for texts that stand for nothing
 */
export function parsedRequest(words: Readonly<Record<string, unknown>>): SampleRequest {
  const values = Object.entries(sampleOptions()).flatMap(([name, option]): [string, unknown][] => {
    const word = words[name];
    if (word === undefined) return [];
    return [[name, option.type === 'string' ? option.parse(String(word), name) : word]];
  });
  return Object.fromEntries(values) as SampleRequest;
}
