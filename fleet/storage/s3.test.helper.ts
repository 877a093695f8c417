/** @file A small S3 server for tests: buckets in memory, path-style addresses, pages of listings, faults on demand. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Stored {
  bytes: Buffer;
  modified: Date;
}

/** Objects of one page of a listing. */
const PAGE = 4;
export const SECRET = 'wJalr-not-to-be-printed';

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

export class TestS3 {
  readonly objects = new Map<string, Stored>();
  /** Requests so far, such as `GET key`. */
  readonly requests: string[] = [];
  /** Where the key matches, the answer breaks off in the middle. */
  broken: RegExp | undefined;
  /** What requests such as `PUT key` are refused with: a status and a code. */
  refusing: ((request: string) => [status: number, code: string] | undefined) | undefined;
  /** Called before the content of a key is sent. */
  beforeGet: ((key: string) => void) | undefined;
  /** Whether it writes only what is not there, where it is asked to. */
  knowsFresh = true;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  static async start(): Promise<TestS3> {
    const started = new TestS3();
    await new Promise<void>((resolve) => void started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get env(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'known',
      AWS_SECRET_ACCESS_KEY: SECRET,
    };
  }

  put(key: string, bytes: Uint8Array | string): void {
    // Listings tell milliseconds, other answers seconds.
    this.objects.set(key, { bytes: Buffer.from(bytes), modified: new Date(1_700_000_000_400) });
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://s3');
    const [, bucket = '', ...parts] = decodeURIComponent(url.pathname).split('/');
    const key = parts.join('/');
    this.requests.push(`${request.method} ${key || `?${url.searchParams.get('prefix')}`}`);
    const refuse = (status: number, code: string) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${code}</Code><Message>${code} ${request.headers.authorization}</Message></Error>`);
    };
    if (!request.headers.authorization?.includes('Credential=known/')) return refuse(403, 'InvalidAccessKeyId');
    if (bucket === 'closed') return refuse(403, 'AccessDenied');
    if (bucket !== 'open') return refuse(404, 'NoSuchBucket');
    const refusal = this.refusing?.(`${request.method} ${key}`);
    if (refusal) {
      request.resume();
      return refuse(...refusal);
    }
    if (key === '') {
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(this.#listing(url.searchParams));
      return;
    }
    if (request.method === 'PUT') {
      const fresh = request.headers['if-none-match'] === '*';
      if (fresh && !this.knowsFresh) return refuse(501, 'NotImplemented');
      const bytes = await buffer(request);
      if (fresh && this.objects.has(key)) return refuse(412, 'PreconditionFailed');
      this.put(key, bytes);
      response.writeHead(200, { etag: etagOf(bytes) }).end();
      return;
    }
    if (request.method === 'DELETE') {
      this.objects.delete(key);
      response.writeHead(204).end();
      return;
    }
    this.beforeGet?.(key);
    const found = this.objects.get(key);
    if (!found) return refuse(404, 'NoSuchKey');
    const etag = etagOf(found.bytes);
    if ((request.headers['if-match'] ?? etag) !== etag) return refuse(412, 'PreconditionFailed');
    response.writeHead(200, {
      etag,
      'content-length': found.bytes.length,
      'last-modified': found.modified.toUTCString(),
    });
    if (request.method === 'HEAD') response.end();
    else if (this.broken?.test(key)) response.write(found.bytes.subarray(0, 10), () => response.destroy());
    else response.end(found.bytes);
  }

  #listing(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()].toSorted().filter((key) => key.startsWith(prefix) && key > after);
    const upTo = (key: string) => prefix + key.slice(prefix.length).replace(/\/.*/s, '/');
    const inside = query.has('delimiter') ? [...new Set(keys.map(upTo))].filter((key) => key > after) : keys;
    const page = inside.slice(0, PAGE);
    const contents = page.map((key) => {
      const isPrefix = key.length > prefix.length && key.endsWith('/') && query.has('delimiter');
      if (isPrefix) return `<CommonPrefixes><Prefix>${escaped(key)}</Prefix></CommonPrefixes>`;
      const { bytes, modified } = this.objects.get(key) as Stored;
      return (
        `<Contents><Key>${escaped(key)}</Key><LastModified>${modified.toISOString()}</LastModified>` +
        `<ETag>${etagOf(bytes)}</ETag><Size>${bytes.length}</Size></Contents>`
      );
    });
    const more = inside.length > PAGE;
    const next = more ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : '';
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
  }
}
