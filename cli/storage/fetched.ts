/** @file Options and arguments that are addresses in S3: what they name is fetched before a command reads it, and results are sent. */
import { InputError } from 'ganscope/errors';
import type { Originals, S3Inputs, StoredFolder } from 'ganscope/fleet';
import type { TaskCommand, TaskEngine } from 'ganscope/tasks';
import type { Printer } from '../common/print.js';

/** Addresses of sets of pictures that are single files. */
export const SET_FILE = /[^/]\.(zip|np[yz]|parquet)$/i;

export const S3_HELP =
  'Models, pictures and results of bulk jobs may be s3://bucket/key, with the package @aws-sdk/client-s3 and the usual AWS variables: see docs/fleet.md.';

/** How a command tells of what is fetched, and is stopped. */
interface FetchMessages {
  print: Printer;
  signal: AbortSignal;
  note(text: string): void;
  skipped(reasons: readonly string[]): void;
  progress(unit: string): { update(done: number, total: number): void; stop(): void };
}

export const isS3 = (text: string | undefined): text is string => text !== undefined && /^s3:\/\//i.test(text);

/** Where results go. */
export interface Results {
  /** As it was given, or a folder that stands for an address. */
  out: string | undefined;
  /** The engine as it is for results there. */
  engine(engine: TaskEngine): TaskEngine;
  /** Another file that the job writes: as it was given, or a path that stands for an address. */
  file(text: string | undefined, name: string): string | undefined;
}

/** Replaces addresses by paths of copies. Nothing of S3 is loaded where there are none. */
export class Fetched {
  #inputs: Promise<S3Inputs> | undefined;
  #stored: StoredFolder | undefined;
  #originals: Originals | undefined;

  /** @param strict whether nothing may be skipped */
  constructor(
    private readonly context: FetchMessages,
    private readonly strict = false,
  ) {}

  /** A model, or nothing where none is named. @param companion another model that may be beside it */
  async model<T extends string | undefined>(text: T, name: string, companion?: string): Promise<T | string> {
    if (!isS3(text)) return text;
    const path = await (await this.#open()).model(text, name, companion);
    this.context.note(`${text}: fetched`);
    return path;
  }

  /** A feature network: a model, and perhaps a layer after a colon. */
  async features<T extends string | undefined>(text: T, name: string): Promise<T | string> {
    if (!isS3(text)) return text;
    const [, model = text, layer = ''] = /^(s3:\/\/.*?\.onnx)(:.*)?$/i.exec(text) ?? [];
    return (await this.model(model, name)) + layer;
  }

  /** A single file, or nothing where none is named. */
  async file<T extends string | undefined>(text: T, name: string): Promise<T | string> {
    return isS3(text) ? (await this.#open()).file(text, name) : text;
  }

  /** A single file by its name, or pictures by what their keys begin with. */
  async pictures<T extends string | undefined>(text: T, name: string, single: RegExp): Promise<T | string> {
    if (!isS3(text)) return text;
    if (single.test(text)) return this.file(text, name);
    const inputs = await this.#open();
    const bar = this.context.progress('files');
    const fetching = inputs.pictures(text, name, (done, total) => bar.update(done, total));
    const { folder, left, skipped } = await fetching.finally(() => bar.stop());
    this.#skip(skipped);
    this.context.note(`${text}: fetched${left === 0 ? '' : `; ${left} objects are no pictures and stay there`}`);
    return folder;
  }

  /**
   * Pictures below a prefix that tasks fetch for themselves: their sizes and times by address.
   * @returns nothing for paths and single files, and where the folder must be here as a whole
   */
  async stamps(text: string, name: string, single: RegExp): Promise<Map<string, string> | undefined> {
    if (!isS3(text) || single.test(text)) return undefined;
    const listed = await (await this.#open()).stamps(text, name);
    if (listed) this.#skip(listed.skipped);
    return listed?.stamps;
  }

  /** Fetches what tasks ask for. */
  async originals(): Promise<Originals> {
    return (this.#originals ??= new (await this.#fleet()).Originals(process.env));
  }

  /**
   * Where the results of a command go.
   * @param bulk whether this call has tasks, whose results may be objects; if not, what is expected
   * @throws InputError for addresses where a folder or file is needed
   */
  async results(out: string | undefined, command: TaskCommand, bulk: true | string): Promise<Results> {
    const file = (text: string | undefined, name: string) => {
      if (!isS3(text)) return text;
      if (this.#stored) return this.#stored.other(text, name);
      throw new InputError({ name, expected: 'a file on disk, or `out` at an address too', got: text });
    };
    if (!isS3(out)) return { out, engine: (engine) => engine, file };
    if (bulk !== true) throw new InputError({ name: 'out', expected: bulk, got: out });
    const { StoredFolder: Folder } = await this.#fleet();
    const stored = await Folder.open(out, command, process.env, this.context.signal);
    this.#stored = stored;
    return { out: stored.folder, engine: (engine) => stored.engine(engine), file };
  }

  /** Ends connections, and removes what was needed for results only. */
  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#inputs?.catch(() => undefined))?.close();
    await this.#originals?.close();
    await this.#stored?.dispose();
  }

  /** Tells of objects that are skipped. @throws InputError with `strict` */
  #skip(lines: readonly string[]): void {
    const [first] = lines;
    if (this.strict && first !== undefined)
      throw new InputError({ name: 'strict', expected: 'no skipped file', got: first });
    this.context.skipped(lines);
  }

  async #open(): Promise<S3Inputs> {
    const { S3Inputs: Inputs } = await this.#fleet();
    return (this.#inputs ??= Inputs.open({ environment: process.env, signal: this.context.signal }));
  }

  async #fleet() {
    const fleet = await import('ganscope/fleet');
    this.context.print.shown = fleet.shownText;
    return fleet;
  }
}
