/** @file Where a queue is: its server from a URL and the environment, and its name. Passwords stay inside. */
import { isIP } from 'node:net';
import { InputError } from '../../onnx/errors.js';

/** Environment variables that are read; `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface QueueAddress {
  /** The server without its user and password, to be printed. */
  shown: string;
  /** Name of the queue. */
  name: string;
  /** What all keys of the queue on the server begin with. */
  prefix: string;
  /** For the client of the server; its password is not enumerable, so that nothing prints it by accident. */
  server: ServerOptions;
}

export interface ServerOptions {
  host: string;
  port: number;
  db: number;
  username?: string;
  password?: string;
  /** The name that the certificate must have; that of the host where there is none. */
  tls?: { servername?: string };
}

const DEFAULT_NAME = 'ganscope';
const DEFAULT_PREFIX = 'bull';
const EXPECTED = 'the URL of a Redis or Valkey server, such as redis://host:6379 or rediss://host:6380/0';

/**
 * Reads the address of a queue. What the URL leaves out comes from the environment: the URL itself from `REDIS_URL`, user and
 * password from `REDIS_USERNAME` and `REDIS_PASSWORD`, the names from `GANSCOPE_QUEUE` and `BULL_PREFIX`.
 * @param text the URL; empty to take it from the environment
 * @throws InputError for anything else; its message holds no password
 */
export function queueAddress(text: string, environment: Environment): QueueAddress {
  const given = text || environment['REDIS_URL'] || '';
  if (given === '') throw new InputError({ name: 'queue', expected: `${EXPECTED}, here or as REDIS_URL` });
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || !/^(\/\d{0,4})?$/.test(url.pathname))
    throw new InputError({ name: 'queue', expected: EXPECTED, got: url ? shownUrl(url) : 'no URL' });
  if (url.search !== '' || url.hash !== '')
    throw new InputError({ name: 'queue', expected: 'a URL without ? and #', got: shownUrl(url) });
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const server: ServerOptions = {
    host,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1)),
    ...(url.protocol === 'rediss:' && { tls: isIP(host) === 0 ? { servername: host } : {} }),
  };
  const username = decoded(url.username) || environment['REDIS_USERNAME'];
  const password = decoded(url.password) || environment['REDIS_PASSWORD'];
  if (username) server.username = username;
  if (password) Object.defineProperty(server, 'password', { value: password, enumerable: false });
  return {
    shown: shownUrl(url),
    name: checkedName('GANSCOPE_QUEUE', environment['GANSCOPE_QUEUE'] || DEFAULT_NAME),
    prefix: checkedName('BULL_PREFIX', environment['BULL_PREFIX'] || DEFAULT_PREFIX),
    server,
  };
}

/** What a client connects with: the server with its password. */
export function connectionOptions({ server }: QueueAddress): ServerOptions {
  return { ...server, ...(server.password !== undefined && { password: server.password }) };
}

/** A URL without what may be secret: user, password and everything behind the path. */
function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that stands for itself.
    return text;
  }
}

/** A name that keys of the server are made of. */
function checkedName(variable: string, name: string): string {
  if (/^[\w.{}-]{1,64}$/.test(name)) return name;
  throw new InputError({
    name: variable,
    expected: 'up to 64 letters, digits, dots, dashes or underscores',
    got: JSON.stringify(name),
  });
}
