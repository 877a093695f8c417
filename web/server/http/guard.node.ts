/** @file Who may ask for what: names of this server, the page's own requests, and the token of changing ones. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';
import { Refusal } from './refusal.node.js';

/** Largest body of a request. */
const MAX_BODY_BYTES = 64 * 1024;
/** The header with the token. */
export const TOKEN_HEADER = 'x-studio-token';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether an address is of this machine only. */
export const isLoopback = (address: string, family: 4 | 6): boolean =>
  loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');

/** Whether all addresses of a name are of this machine only. */
export async function isLoopbackHost(host: string): Promise<boolean> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.length > 0 && found.every(({ address, family }) => isLoopback(address, family === 6 ? 6 : 4));
}

/** The names of a server beside addresses: what it was told to listen on and, where that is all addresses, this machine's. */
export function ownNames(host: string, address: string): ReadonlySet<string> {
  const isAny = address === '0.0.0.0' || address === '::';
  return new Set(['localhost', host, ...(isAny ? [hostname()] : [])].map((name) => name.toLowerCase()));
}

/** Addresses are safe; any other name may be a foreign page's own name that points here (DNS rebinding). */
export function expectOurHost(request: IncomingMessage, names: ReadonlySet<string>): void {
  const name = request.headers.host?.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (name !== undefined && (isIP(name) !== 0 || names.has(name.toLowerCase()))) return;
  throw new Refusal(403, 'this server answers to its own name only: open its address, or start it with --host NAME');
}

/** Refuses what a foreign page asks for: what costs much, though it changes nothing. Browsers tell where requests are from. */
export function expectOwnPage(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new Refusal(403, 'only the page of this server may ask for this');
}

/** A changing request comes from this server's page, which knows the token from the printed address. */
export function expectAllowed(request: IncomingMessage, token: string): void {
  const { origin, host } = request.headers;
  if (origin === undefined || origin !== `http://${host}`) {
    throw new Refusal(403, 'only the page of this server may change something');
  }
  const given = request.headers[TOKEN_HEADER];
  if (typeof given === 'string' && timingSafeEqual(digest(given), digest(token))) return;
  throw new Refusal(403, 'the token is not that of the printed address: open the address that gan-studio printed');
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** The JSON of a request's body. @throws Refusal if there is none, or too much of it */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json(;|$)/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'expected a body of type application/json');
  }
  const parts: Buffer[] = [];
  let size = 0;
  // The connection stays open for the refusal.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Refusal(413, `expected a body of at most ${MAX_BODY_BYTES} bytes`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body cannot be parsed as JSON');
  }
}
