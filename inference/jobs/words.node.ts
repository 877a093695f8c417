/** @file The options of all sampling jobs as a command line has them. */
import type { JobKind, Option, Options } from './options/option.js';
import type { SampleRequest } from './sample-job.node.js';
import { kinds, type SampleJob } from './table.node.js';

const all = Object.values(kinds) as unknown as readonly JobKind<Options, SampleJob>[];

/** All options, by name, with the heading that each stands under: the kind's own title, or none for shared ones. */
export function sampleOptions(): Record<string, Option & { title?: string }> {
  const names = new Set(all.toReversed().flatMap(({ options }) => Object.keys(options)));
  const found = [...names].map((name): [string, Option & { title?: string }] => {
    const having = all.filter(({ options }) => name in options);
    const own = having.length === 1 ? having[0] : all.find(({ trigger }) => trigger === name);
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
