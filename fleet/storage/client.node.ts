/** @file A client of S3 or of a server like it. Its package is loaded when an address is used. */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { InputError } from '../../onnx/errors.js';
import { shownS3, type S3Address } from './address.js';
import { s3Error } from './errors.js';

type Sdk = typeof import('@aws-sdk/client-s3');
type Variables = Readonly<Record<string, string | undefined>>;

/** An object as a listing has it. */
export interface S3Object extends S3Address {
  etag: string;
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
}

/** Milliseconds until a server must have taken a connection, and that it may be silent. */
const [CONNECT_MS, SILENCE_MS] = [10_000, 60_000];

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

/** Reads objects. */
export class S3Storage {
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
    const { bucket, key } = prefix;
    let token: string | undefined;
    do {
      const command = new this.sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: key,
        ...(within === 'folder' && { Delimiter: '/' }),
        ...(token !== undefined && { ContinuationToken: token }),
      });
      const page = await this.#asking(prefix, this.client.send(command, signal ? { abortSignal: signal } : {}), signal);
      for (const { Key, ETag = '', Size = 0, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        yield { bucket, key: Key, etag: ETag, size: Size, modified: LastModified?.getTime() ?? 0 };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Writes an object to a file. @throws InputError if it is gone, has changed or has another size */
  async fetch(object: S3Object, file: FileHandle, signal?: AbortSignal): Promise<void> {
    await this.#asking(object, this.#fetched(object, file, signal), signal);
  }

  async #fetched(object: S3Object, file: FileHandle, signal: AbortSignal | undefined): Promise<void> {
    const { bucket, key, etag, size } = object;
    const command = new this.sdk.GetObjectCommand({ Bucket: bucket, Key: key, ...(etag && { IfMatch: etag }) });
    const { Body } = await this.client.send(command, signal ? { abortSignal: signal } : {});
    let found = 0;
    if (Body instanceof Readable) {
      for await (const part of Body as AsyncIterable<Uint8Array>) {
        signal?.throwIfAborted();
        found += part.length;
        if (found > size) break;
        await file.appendFile(part);
      }
    }
    if (found === size) return;
    const got = found > size ? 'more' : found;
    throw new InputError({ name: shownS3(object), expected: `${size} bytes, as listed`, got });
  }

  close(): void {
    this.client.destroy();
  }

  async #asking<T>(address: S3Address, answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Error(error, shownS3(address), this.endpoint);
    }
  }
}
