/** @file Options and arguments that are addresses in S3: what they name is fetched before a command reads it. */
import { InputError } from 'ganscope/errors';
import type { S3Inputs } from 'ganscope/fleet';

export const S3_HELP =
  'Models and pictures may be s3://bucket/key, with the package @aws-sdk/client-s3 and the usual AWS variables: see docs/fleet.md.';

/** How a command tells of what is fetched, and is stopped. */
interface FetchMessages {
  signal: AbortSignal;
  note(text: string): void;
  progress(unit: string): { update(done: number, total: number): void; stop(): void };
}

/** Options of a command that may not be addresses, as their work needs a folder that all see. */
interface Others {
  out?: string | undefined;
  queue?: string | undefined;
}

const isS3 = (text: string | undefined): text is string => text !== undefined && /^s3:\/\//i.test(text);

/** Replaces addresses by paths of copies. Nothing of S3 is loaded where there are none. */
export class Fetched {
  #inputs: Promise<S3Inputs> | undefined;

  /** @throws InputError for an address where a folder is needed */
  constructor(
    private readonly context: FetchMessages,
    private readonly others: Others,
  ) {
    if (isS3(others.out)) throw new InputError({ name: 'out', expected: 'a folder or file on disk', got: others.out });
  }

  /** A model, or nothing where none is named. @param companion another model that may be beside it */
  async model<T extends string | undefined>(text: T, name: string, companion?: string): Promise<T | string> {
    if (!isS3(text)) return text;
    const path = await (await this.#open(text)).model(text, name, companion);
    this.context.note(`${text}: read from ${path}`);
    return path;
  }

  /** A feature network: a model, and perhaps a layer after a colon. */
  async features<T extends string | undefined>(text: T, name: string): Promise<T | string> {
    if (!isS3(text)) return text;
    const [, model = text, layer = ''] = /^(s3:\/\/.*?\.onnx)(:.*)?$/i.exec(text) ?? [];
    return (await this.model(model, name)) + layer;
  }

  /** A single file by its name, or pictures by what their keys begin with. */
  async pictures<T extends string | undefined>(text: T, name: string, single: RegExp): Promise<T | string> {
    if (!isS3(text)) return text;
    const inputs = await this.#open(text);
    if (single.test(text)) return inputs.file(text, name);
    const bar = this.context.progress('files');
    const fetching = inputs.pictures(text, name, (done, total) => bar.update(done, total));
    const { folder, left } = await fetching.finally(() => bar.stop());
    const others = left === 0 ? '' : `; ${left} objects are no pictures and stay there`;
    this.context.note(`${text}: read from ${folder}${others}`);
    return folder;
  }

  /** Ends connections. */
  async close(): Promise<void> {
    (await this.#inputs?.catch(() => undefined))?.close();
  }

  async #open(text: string): Promise<S3Inputs> {
    if (this.others.queue !== undefined)
      throw new InputError({ name: 'queue', expected: 'files and folders that all workers see', got: text });
    const { S3Inputs: Inputs } = await import('ganscope/fleet');
    return (this.#inputs ??= Inputs.open({ environment: process.env, signal: this.context.signal }));
  }
}
