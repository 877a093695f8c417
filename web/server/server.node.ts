/** @file The server behind gan-studio: the built page and the runs on disk, read only, by default for this machine only. */
import { realpath, type FileHandle } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { BlockList, isIP, type AddressInfo } from 'node:net';
import { basename, dirname, extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { openInside } from './files.node.js';
import { runFolders, runInfo, stepLines } from './runs.node.js';

/** What is served, and where. */
export interface StudioOptions {
  /** Folder of the runs. */
  runs: string;
  /** Folder of the run to show first; it may be elsewhere. */
  run?: string;
  /** 0 for any free port. */
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

/** Isolation allows WebAssembly threads; the policy allows requests to this server only, and no page to frame it. */
const HEADERS: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; img-src 'self' blob: data:; connect-src 'self' blob: data:; " +
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

/** A server that listens. */
export interface Studio {
  server: Server;
  url: string;
  /** Whether other machines may reach it: its address is not a loopback address. */
  reachable: boolean;
}

/** Starts the server; resolves when it listens. */
export async function startStudio(options: StudioOptions): Promise<Studio> {
  const { host = '127.0.0.1', port, run } = options;
  // A run that was named by a link has the name and the address of its folder.
  const shown = run === undefined ? options : { ...options, run: await realpath(run) };
  const server = createServer((request, response) => {
    answer(request, response, shown).catch(() => {
      if (!response.headersSent) response.writeHead(500, HEADERS);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`;
  return { server, url, reachable: !loopback.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4') };
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
  const asked = parts.length > 0 ? parts : ['index.html'];
  const file =
    first === 'runs'
      ? await openRunFile(name, rest, options)
      : first === 'onnxruntime-web'
        ? await openInside(RUNTIME, parts.slice(1))
        : await openInside(PAGE, asked);
  if (file === undefined) return refuse(404, 'there is no such file');
  try {
    const { size } = await file.stat();
    const type = TYPES[extname(asked.at(-1) ?? '')] ?? 'application/octet-stream';
    response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': size });
    if (request.method === 'HEAD' || size === 0) response.end();
    // A file may grow meanwhile: send as many bytes as announced.
    else await pipeline(file.createReadStream({ end: size - 1, autoClose: false }), response);
  } catch {
    response.destroy();
  } finally {
    await file.close();
  }
}

/** Addresses are safe; any other name may be a foreign page's own name that points here (DNS rebinding). */
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
  const name = basename(run);
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

/** Opens one of a run's samples or exported networks; its other files are not served. */
async function openRunFile(
  name: string,
  rest: readonly string[],
  options: StudioOptions,
): Promise<FileHandle | undefined> {
  const folder = (await foldersOf(options)).get(name);
  const [kind, file = ''] = rest;
  const shown = (kind === 'samples' && file.endsWith('.png')) || (kind === 'onnx' && file.endsWith('.onnx'));
  return folder !== undefined && shown && rest.length === 2 ? openInside(folder, rest) : undefined;
}
