/** @file The server behind gan-studio: the built page and runs on disk, read only, for this machine alone. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { dirname, extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { fileInside, runFolders, runInfo, stepLines } from './runs.node.js';

/** What is served, and where. */
export interface StudioOptions {
  /** Folder of the runs. */
  runs: string;
  /** One run's folder, shown first even if it is elsewhere. */
  run?: string;
  /** 0 takes a free one. */
  port: number;
  /** Default 127.0.0.1: this machine only. */
  host?: string;
}

const PAGE = fileURLToPath(new URL('../../browser/', import.meta.url));
const RUNTIME = runtimeFolder();

/** onnxruntime-web where it is installed, which has WebGPU; else the part of it that ships with this package. */
function runtimeFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  } catch {
    return fileURLToPath(new URL('../../wasm/', import.meta.url));
  }
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
};

/** The isolation lets WebAssembly use threads; the policy keeps everything on this server. */
const HEADERS: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; img-src 'self' blob: data:; connect-src 'self' blob: data:",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

/** Starts the server; resolves when it listens. */
export async function startStudio(options: StudioOptions): Promise<{ server: Server; url: string }> {
  const { host = '127.0.0.1', port } = options;
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => {
      if (!response.headersSent) response.writeHead(500, HEADERS);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return { server, url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/` };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: StudioOptions): Promise<void> {
  const refuse = (status: number, reason: string) => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${reason}\n`);
  };
  if (!isOurHost(request.headers.host, options.host)) return refuse(403, 'this server answers to its own name only');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'this server only shows things');
  const parsed = parsedPath(request.url ?? '/');
  if (!parsed) return refuse(400, 'no such address');
  const { parts, query } = parsed;
  const [first, name = '', ...rest] = parts;
  if (first === 'api') {
    const found = await apiAnswer(name, rest, query, options);
    if (found === undefined) return refuse(404, 'there is no such run');
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json' });
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(found));
    return;
  }
  const path =
    first === 'runs'
      ? await runFile(name, rest, options)
      : first === 'onnxruntime-web'
        ? await fileInside(RUNTIME, parts.slice(1))
        : await fileInside(PAGE, parts.length > 0 ? parts : ['index.html']);
  if (path === undefined) return refuse(404, 'there is no such file');
  const { size } = await stat(path);
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': size });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(path), response).catch(() => response.destroy());
}

/** Addresses are safe; another name would mean that a foreign page had its own name point here (DNS rebinding). */
function isOurHost(header: string | undefined, host = '127.0.0.1'): boolean {
  const name = header?.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return name !== undefined && (isIP(name) !== 0 || name === 'localhost' || name === host);
}

function parsedPath(url: string): { parts: string[]; query: URLSearchParams } | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    return { parts: parts.at(-1) === '' ? parts.slice(0, -1) : parts, query: new URLSearchParams(query) };
  } catch {
    return undefined;
  }
}

/** The runs by name, the chosen one first. */
async function foldersOf({ runs, run }: StudioOptions): Promise<Map<string, string>> {
  const found = await runFolders(runs);
  if (run === undefined) return found;
  const name =
    run
      .replaceAll('\\', '/')
      .split('/')
      .findLast((part) => part !== '') ?? run;
  return new Map([[name, run], ...[...found].filter(([other]) => other !== name)]);
}

async function apiAnswer(name: string, rest: readonly string[], query: URLSearchParams, options: StudioOptions) {
  if (name !== 'runs') return undefined;
  const folders = await foldersOf(options);
  if (rest.length === 0) return Promise.all([...folders].map(([run, folder]) => runInfo(run, folder)));
  const folder = folders.get(rest[0] ?? '');
  const offset = Number(query.get('offset') ?? 0);
  if (folder === undefined || rest.length !== 2 || rest[1] !== 'metrics') return undefined;
  return stepLines(folder, Number.isSafeInteger(offset) && offset > 0 ? offset : 0);
}

/** A run's samples and exported networks, and no other of its files. */
async function runFile(name: string, rest: readonly string[], options: StudioOptions): Promise<string | undefined> {
  const folder = (await foldersOf(options)).get(name);
  const [kind, file = ''] = rest;
  const shown = (kind === 'samples' && file.endsWith('.png')) || (kind === 'onnx' && file.endsWith('.onnx'));
  return folder !== undefined && shown && rest.length === 2 ? fileInside(folder, rest) : undefined;
}
