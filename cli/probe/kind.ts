/** @file What a kind of probe is to the command. */
import type { Device } from 'ganscope/inference';
import type { Printer } from '../common/print.js';
import type { ProbeFlags } from './flags.js';

/** What a kind uses of its command's context. */
export interface ProbeContext {
  print: Printer;
  signal: AbortSignal;
  progress(unit: string): { update(done: number, total: number, text?: string): void; stop(): void };
  note(text: string): void;
  device(choice: { notes: readonly string[]; surprising?: boolean | undefined }): void;
  skipped(reasons: readonly string[]): void;
}

/** Given options; those without a value are undefined. */
export type ProbeOptions = { -readonly [Name in Exclude<keyof ProbeFlags, 'input'>]?: ProbeFlags[Name] } & {
  device: Device;
  /** Each text after `--input`. */
  input?: readonly string[] | undefined;
};

/** What a kind's work is told beside its options. */
export interface ProbeCall {
  options: ProbeOptions;
  /** The options that the kind takes. */
  taken: readonly string[];
  /** The arguments after the kind. */
  sources: readonly string[];
  /** Folder for the files. */
  out: string;
  /** What results.json says of the origin. */
  provenance: Readonly<Record<string, unknown>>;
  context: ProbeContext;
}

/** A kind of probe: how it is called, the options it takes beside those of all, and its work. */
export interface ProbeKind {
  usage: string;
  describe: string;
  options: readonly (keyof ProbeFlags)[];
  /** Whether it takes arguments after the kind: pictures, or one network at most. */
  sources: 'none' | 'some' | 'network';
  load(): Promise<(call: ProbeCall) => Promise<void>>;
}
