/** @file What to sample: the kind of job that a request asks for, and its options checked. */
import { InputError } from '../../onnx/errors.js';
import type { Options, Requested } from './options/option.js';
import { allKinds, type kinds, type SampleJob } from './table.node.js';

type All<T> = (T extends unknown ? (each: T) => void : never) extends (all: infer I) => void ? I : never;
type AllOptions = All<(typeof kinds)[keyof typeof kinds]['options']>;

/** What may be asked for: the options of all kinds of job. Each may be left out. */
export type SampleRequest = Requested<AllOptions>;

/**
 * A request with every default filled in.
 * @throws InputError for values out of range, options that exclude each other, and options of another kind of job
 */
export function sampleJob(request: SampleRequest): SampleJob {
  const values = request as Readonly<Record<string, unknown>>;
  const kind = allKinds.find(
    ({ trigger }) => trigger === undefined || values[trigger] !== undefined,
  ) as (typeof allKinds)[number];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || name in kind.options) continue;
    if (kind.trigger !== undefined) throw new InputError({ name, conflictsWith: kind.trigger });
    const triggers = allKinds.flatMap(({ options, trigger }) => (name in options && trigger ? [`\`${trigger}\``] : []));
    const used = triggers.length > 0 ? `to be used with ${triggers.join(' or ')}` : 'an option of sampling jobs';
    throw new InputError({ name, expected: used });
  }
  return kind.check(values as Requested<Options>);
}
