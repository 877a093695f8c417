/** @file The connection to the server of a queue: the first attempt decides, later losses are waited out. */
import { InputError } from '../../onnx/errors.js';
import type { QueueAddress } from './address.js';
import { queuePackages, type Bull, type RedisClient } from './packages.node.js';

/** A connected server. */
export interface Connection {
  bull: Bull;
  client: RedisClient;
  /** What BullMQ's classes take. */
  options: { connection: RedisClient; prefix: string; skipVersionCheck: true };
  /** Calls back each time the server is there again after it was lost. */
  onReturn(call: () => void): void;
  close(): Promise<void>;
}

export interface ConnectionMessages {
  /** What happens. */
  note(text: string): void;
  warn(text: string): void;
}

/** Milliseconds that the first attempt may take. */
const FIRST_MS = 10_000;
/** Milliseconds between later ones, at most. */
const LONGEST_PAUSE = 2000;
/** BullMQ's scripts are made for it. */
const OLDEST_SERVER = [6, 2] as const;

/**
 * Connects to the server.
 * @throws InputError if it cannot be reached, refuses the password, or is too old
 */
export async function connect(address: QueueAddress, { note, warn }: ConnectionMessages): Promise<Connection> {
  const { bull, Redis } = await queuePackages();
  const { server, shown, prefix } = address;
  let connected = false;
  const client = new Redis({
    ...server,
    ...(server.password !== undefined && { password: server.password }),
    lazyConnect: true,
    connectTimeout: FIRST_MS,
    // BullMQ asks for it: a command waits until the server is back.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => (connected ? Math.min(100 * attempt, LONGEST_PAUSE) : null),
  });
  let problem: Error | undefined;
  client.on('error', (error) => (problem = error));
  try {
    await client.connect();
    connected = true;
    const text = await client.info().catch((error: unknown) => {
      if (/NOAUTH|WRONGPASS/.test(String(error))) throw error;
      // A user of the server may be forbidden to ask.
      return '';
    });
    checkServer(text, address, warn);
  } catch (error) {
    client.disconnect();
    throw error instanceof InputError ? error : refusal(address, problem ?? (error as Error));
  }
  let lost = false;
  const returns: (() => void)[] = [];
  client.on('close', () => {
    if (!lost && connected) warn(`The connection to ${shown} is lost; trying again until it is back.`);
    lost = true;
  });
  client.on('ready', () => {
    if (!lost) return;
    lost = false;
    note(`The connection to ${shown} is back.`);
    for (const call of returns) call();
  });
  return {
    bull,
    client,
    options: { connection: client, prefix, skipVersionCheck: true },
    onReturn: (call) => returns.push(call),
    async close() {
      connected = false;
      if (client.status === 'ready') await client.quit().catch(() => undefined);
      else client.disconnect();
    },
  };
}

/** Why a server cannot be used; the messages of servers quote no passwords, but other texts might. */
function refusal({ shown }: QueueAddress, error: Error): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  const [word = ''] = /NOAUTH|WRONGPASS|NOPERM|LOADING|MASTERDOWN/.exec(message) ?? [];
  const reason = { NOAUTH: 'it asks for a password: set REDIS_PASSWORD', WRONGPASS: 'it refuses user or password' }[
    word
  ];
  const timedOut = /ETIMEDOUT|timed? ?out/i.test(message) ? 'no answer' : undefined;
  const got = reason ?? timedOut ?? code ?? (word || 'the connection was closed');
  return new InputError({ name: 'queue', expected: `a server at ${shown}`, got });
}

/** Checks what the server says of itself. @throws InputError if it is too old */
function checkServer(text: string, { shown }: QueueAddress, warn: (text: string) => void): void {
  const [, version] = /^(?:valkey|redis)_version:(\d+\.\d+)/m.exec(text) ?? [];
  const [major = Infinity, minor = 0] = version?.split('.').map(Number) ?? [];
  if (major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1]))
    throw new InputError({
      name: 'queue',
      expected: `Redis ${OLDEST_SERVER.join('.')} or newer at ${shown}`,
      got: version,
    });
  const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(text) ?? [];
  if (policy !== 'noeviction')
    warn(
      `${shown} drops keys when its memory is full (maxmemory-policy ${policy}); tasks may be lost and sent again. Set noeviction.`,
    );
}
