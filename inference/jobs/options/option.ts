/** @file Options of sampling jobs: what each may be and what it is for. Requests, flags and help come from here. */

/** An option. Other options are quoted in its help in backticks, such as `` `seed` ``. */
export type Option =
  | { type: 'number' | 'boolean'; help: string }
  | {
      type: 'string';
      help: string;
      /** The value that a text on a command line stands for. @throws InputError under `name` */
      parse: (text: string, name: string) => unknown;
    };
export type Options = Readonly<Record<string, Option>>;

type Value<O> = O extends { parse: (text: string, name: string) => infer T }
  ? T
  : O extends { type: 'number' }
    ? number
    : boolean;

/** Values of options; each may be left out. */
export type Requested<O extends Options> = { [Name in keyof O]?: Value<O[Name]> | undefined };

export const number = (help: string) => ({ type: 'number', help }) as const;
export const flag = (help: string) => ({ type: 'boolean', help }) as const;
export const text = (help: string) => parsed(help, (given) => given);
export const parsed = <T>(help: string, parse: (text: string, name: string) => T) =>
  ({ type: 'string', help, parse }) as const;

/** What all jobs may be asked for. */
export const commonOptions = {
  out: text('File or folder to write [default: samples.png, samples/ with `format`, interpolation/, …]'),
  saveLatents: text('Write the latents of the pictures to this .npy or .json file'),
};

/** A kind of job: what makes it this kind, its options, and how a request becomes a job. */
export interface JobKind<O extends Options, Job> {
  /** Heading of its own options in the help. */
  title: string;
  /** The option that makes it this kind; the kind without one is the default. */
  trigger?: string & keyof O;
  options: O;
  /** Fills in the defaults. @throws InputError for values out of range and options that exclude each other */
  check: (request: Requested<O>) => Job;
}

/** A kind of job, with its types inferred. */
export const jobKind = <O extends Options, Job>(kind: JobKind<O, Job>): JobKind<O, Job> => kind;
