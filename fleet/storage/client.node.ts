/** @file A client of S3 or of a server like it. Its package is loaded when an address is used. */
import { createReadStream } from 'node:fs';
import { readFile, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { InputError } from '../../onnx/errors.js';
import { writeAt } from '../../onnx/files/disk/atomic-file.node.js';
import { shownS3, type S3Address } from './address.js';
import { isPassing, isRefusal, s3Error } from './errors.js';

type Sdk = typeof import('@aws-sdk/client-s3');
type Variables = Readonly<Record<string, string | undefined>>;

/** An object as a listing has it. */
export interface S3Object extends S3Address {
  etag: string;
  size: number;
  /** Milliseconds since 1970, in whole seconds: not all answers of a server have more. */
  modified: number;
}

export interface PutOptions {
  fresh?: boolean;
  signal?: AbortSignal | undefined;
}

/** Milliseconds until a server must have taken a connection, and that it may be silent. */
const [CONNECT_MS, SILENCE_MS] = [10_000, 60_000];
/** Milliseconds before what failed is tried again. */
const PAUSES = [300, 1000, 2500];
/** Bytes of files that are sent in one piece from memory; and of the largest that S3 takes in one request. */
const [IN_MEMORY, MOST_BYTES] = [2 ** 24, 5 * 2 ** 30];

const quiet = () => {};

const inSeconds = (time: Date | undefined) => 1000 * Math.floor((time?.getTime() ?? 0) / 1000);

async function loadedSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InputError('s3:// needs a package of its own: npm install @aws-sdk/client-s3', { cause: error });
  }
}

/** The address of a server that is not AWS's, without what may be secret in it. */
function endpointOf(environment: Variables): string | undefined {
  const text = environment['AWS_ENDPOINT_URL_S3'] || environment['AWS_ENDPOINT_URL'];
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new InputError({ name: 'AWS_ENDPOINT_URL', expected: 'a URL of http: or https:' });
  return url.origin;
}

/** Reads and writes objects. */
export class S3Storage {
  /** Whether objects are written only where there are none; older servers do not know how. */
  #knowsFresh = true;
  /** Whether the server has answered once: what fails before is not tried for long. */
  #answered = false;

  private constructor(
    private readonly sdk: Sdk,
    private readonly client: S3Client,
    /** Of a server that is not AWS's. */
    readonly endpoint: string | undefined,
  ) {}

  /**
   * Credentials, region and endpoint are those of the AWS tools: variables, or files in ~/.aws.
   * @throws InputError that says what to install, where the package is not installed
   */
  static async open(environment: Variables): Promise<S3Storage> {
    const sdk = await loadedSdk();
    const endpoint = endpointOf(environment);
    const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || (endpoint && 'us-east-1');
    const client = new sdk.S3Client({
      ...(region && { region }),
      // Other servers seldom have a name per bucket, and not all know AWS's newer checksums.
      ...(endpoint !== undefined && { forcePathStyle: true }),
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint !== undefined && { requestChecksumCalculation: 'WHEN_REQUIRED' as const }),
      // Its warnings are about what is tried again here.
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    });
    return new S3Storage(sdk, client, endpoint);
  }

  /**
   * All objects whose keys begin with a prefix, page by page.
   * @param within only those without a further slash
   * @throws InputError if the bucket cannot be listed
   */
  async *list(prefix: S3Address, within: 'folder' | 'all', signal?: AbortSignal): AsyncGenerator<S3Object> {
    for await (const each of this.#listed(prefix, within, signal)) if (typeof each === 'object') yield each;
  }

  /** What follows a prefix in the keys of its objects, up to the next slash, which is part of the name. */
  async *names(prefix: S3Address, signal?: AbortSignal): AsyncGenerator<string> {
    for await (const each of this.#listed(prefix, 'folder', signal))
      yield (typeof each === 'object' ? each.key : each).slice(prefix.key.length);
  }

  async *#listed(
    prefix: S3Address,
    within: 'folder' | 'all',
    signal: AbortSignal | undefined,
  ): AsyncGenerator<S3Object | string> {
    const { bucket, key } = prefix;
    let token: string | undefined;
    do {
      const command = new this.sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: key,
        ...(within === 'folder' && { Delimiter: '/' }),
        ...(token !== undefined && { ContinuationToken: token }),
      });
      const page = await this.#asking(prefix, () => this.client.send(command, this.#until(signal)), signal);
      for (const { Key, ETag = '', Size = 0, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        yield { bucket, key: Key, etag: ETag, size: Size, modified: inSeconds(LastModified) };
      }
      for (const { Prefix } of page.CommonPrefixes ?? []) if (Prefix !== undefined) yield Prefix;
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Writes an object to a file. @throws InputError if it is gone, has changed or has another size */
  async fetch(object: S3Object, file: FileHandle, signal?: AbortSignal): Promise<void> {
    const { bucket, key, etag } = object;
    const command = new this.sdk.GetObjectCommand({ Bucket: bucket, Key: key, ...(etag && { IfMatch: etag }) });
    await this.#asking(
      object,
      async () => this.#written(object, await this.client.send(command, this.#until(signal)), file, signal),
      signal,
    );
  }

  async #written(
    object: S3Object,
    { Body }: GetObjectCommandOutput,
    file: FileHandle,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { size } = object;
    await file.truncate(0);
    let found = 0;
    if (Body instanceof Readable) {
      for await (const part of Body as AsyncIterable<Uint8Array>) {
        signal?.throwIfAborted();
        const at = found;
        found += part.length;
        if (found > size) break;
        await writeAt(file, part, at);
      }
    }
    if (found === size) return;
    const got = found > size ? 'more' : found;
    throw new InputError({ name: shownS3(object), expected: `${size} bytes, as listed`, got });
  }

  /** An object, if there is one. @throws InputError if it may not be read */
  async find(address: S3Address, signal?: AbortSignal): Promise<S3Object | undefined> {
    const command = new this.sdk.HeadObjectCommand({ Bucket: address.bucket, Key: address.key });
    try {
      const head = await this.#asking(address, () => this.client.send(command, this.#until(signal)), signal);
      const { ETag = '', ContentLength = 0, LastModified } = head;
      return { ...address, etag: ETag, size: ContentLength, modified: inSeconds(LastModified) };
    } catch (error) {
      if (isRefusal(error, 404)) return undefined;
      throw error;
    }
  }

  /**
   * Makes an object of a file.
   * @param fresh only where there is none
   * @returns whether it was written
   * @throws InputError if it cannot be written
   */
  async put(address: S3Address, path: string, { fresh = false, signal }: PutOptions = {}): Promise<boolean> {
    const { size } = await stat(path);
    if (size > MOST_BYTES)
      throw new InputError({ name: shownS3(address), expected: `at most ${MOST_BYTES} bytes per file`, got: size });
    // A server that does not know the condition is asked first. Two processes that do so at once write the same bytes.
    if (fresh && !this.#knowsFresh && (await this.find(address, signal))) return false;
    const small = size <= IN_MEMORY ? await readFile(path) : undefined;
    const { bucket, key } = address;
    const send = () =>
      this.client.send(
        new this.sdk.PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: small ?? createReadStream(path),
          ContentLength: size,
          ...(fresh && this.#knowsFresh && { IfNoneMatch: '*' }),
        }),
        this.#until(signal),
      );
    try {
      await this.#asking(address, send, signal);
      return true;
    } catch (error) {
      if (fresh && (isRefusal(error, 412) || isRefusal(error, 409))) return false;
      if (!fresh || !this.#knowsFresh || !isRefusal(error, 501)) throw error;
      this.#knowsFresh = false;
      return this.put(address, path, { fresh, ...(signal && { signal }) });
    }
  }

  /** Removes an object, if there is one. @throws InputError if that is not allowed */
  async remove({ bucket, key }: S3Address, signal?: AbortSignal): Promise<void> {
    const command = new this.sdk.DeleteObjectCommand({ Bucket: bucket, Key: key });
    await this.#asking({ bucket, key }, () => this.client.send(command, this.#until(signal)), signal);
  }

  close(): void {
    this.client.destroy();
  }

  #until(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
    return signal ? { abortSignal: signal } : {};
  }

  /** Asks again where no answer came, or one that says that the server cannot now. */
  async #asking<T>(address: S3Address, ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await ask();
        this.#answered = true;
        return answer;
      } catch (error) {
        signal?.throwIfAborted();
        const pause = PAUSES[attempt];
        if (pause === undefined || !this.#answered || !isPassing(error))
          throw s3Error(error, shownS3(address), this.endpoint);
        await sleep(pause, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
      }
    }
  }
}
