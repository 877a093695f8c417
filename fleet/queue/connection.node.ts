/** @file The connection to the server of a queue: the first attempt decides, later losses are waited out. */
import { connectionOptions, type QueueAddress } from './address.js';
import { queuePackages, type Bull, type RedisClient } from './packages.node.js';
import { expectServer, FIRST_MS, refusal } from './reach.node.js';

/** A connected server. */
export interface Connection {
  bull: Bull;
  client: RedisClient;
  /** What BullMQ's classes take. */
  options: { connection: RedisClient; prefix: string; skipVersionCheck: true };
  /** Calls back each time the server is there again after it was lost. */
  onReturn(call: () => void): void;
  /** What the server is asked, or an error once the connection has given up: what was on its way then is never answered. */
  unlessEnded: <T>(asked: Promise<T>) => Promise<T>;
  close(): Promise<void>;
}

export interface ConnectionMessages {
  /** What happens. */
  note(text: string): void;
  warn(text: string): void;
}

/** What a connection is opened with. */
export interface ConnectionOptions extends ConnectionMessages {
  /** Once it is aborted, a server that is away is not waited for: what was asked of it fails. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds between later ones, at most. */
const LONGEST_PAUSE = 2000;

/**
 * Connects to the server.
 * @throws InputError if it cannot be reached, refuses the password, or is too old
 */
export async function connect(address: QueueAddress, { note, warn, signal }: ConnectionOptions): Promise<Connection> {
  const { bull, Redis } = await queuePackages();
  const { shown, prefix } = address;
  const { tells, policy } = await expectServer(address);
  if (policy !== 'noeviction')
    warn(
      `${shown} drops keys when its memory is full (maxmemory-policy ${policy}); tasks may be lost and sent again. Set noeviction.`,
    );
  let connected = false;
  const client = new Redis({
    ...connectionOptions(address),
    lazyConnect: true,
    enableReadyCheck: tells,
    connectTimeout: FIRST_MS,
    // BullMQ asks for it: a command waits until the server is back.
    maxRetriesPerRequest: null,
    // Clients that are duplicates of this one have it too.
    retryStrategy: (attempt) => (connected && !signal?.aborted ? Math.min(100 * attempt, LONGEST_PAUSE) : null),
  });
  let problem: Error | undefined;
  client.on('error', (error) => (problem = error));
  try {
    await client.connect();
    connected = true;
  } catch (error) {
    client.disconnect();
    throw await refusal(address, problem ?? (error as Error));
  }
  let lost = false;
  const returns: (() => void)[] = [];
  client.on('close', () => {
    if (!lost && connected && !signal?.aborted)
      warn(`The connection to ${shown} is lost; trying again until it is back.`);
    lost = true;
  });
  client.on('ready', () => {
    if (!lost) return;
    lost = false;
    note(`The connection to ${shown} is back.`);
    for (const call of returns) call();
  });
  const ended = new Promise<never>((_, reject) => client.once('end', () => reject(new Error(`${shown} is away`))));
  ended.catch(() => undefined);
  return {
    bull,
    client,
    options: { connection: client, prefix, skipVersionCheck: true },
    onReturn: (call) => returns.push(call),
    unlessEnded: (asked) => Promise.race([asked, ended]),
    async close() {
      connected = false;
      if (client.status === 'ready') await client.quit().catch(() => undefined);
      else client.disconnect();
    },
  };
}

/**
 * Waits until a client is connected, or has given up: BullMQ waits for ever where it disconnects one in between.
 * @returns whether it is connected
 */
export function settled(client: RedisClient): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (client.status !== 'ready' && client.status !== 'end') return;
      client.off('ready', look).off('end', look);
      resolve(client.status === 'ready');
    };
    client.on('ready', look).on('end', look);
    look();
  });
}
