/** @file A first look at the server of a queue, before any work is begun: whether it is there and lets this user in. */
import { connect as connectPlain } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { InputError } from '../../onnx/errors.js';
import { connectionOptions, type QueueAddress } from './address.js';
import { queuePackages } from './packages.node.js';

/** What a server says of itself. */
export interface ServerLook {
  /** Whether this user may ask: the client's own check of it would warn otherwise. */
  tells: boolean;
  /** What it drops when its memory is full; `noeviction` for nothing. */
  policy: string;
}

/** Milliseconds that connecting may take. */
export const FIRST_MS = 10_000;
/** Milliseconds without TLS before the server is asked whether it has any, and that its answer may take. */
const SILENCE_MS = 1000;
const ANSWER_MS = 3000;
/** BullMQ's scripts are made for it. */
const OLDEST_SERVER = [6, 2] as const;

/**
 * Connects to a server, looks at it and leaves.
 * @throws InputError if it cannot be reached, refuses the user or what a queue needs, or is too old; packages may be missing, too
 */
export async function expectServer(address: QueueAddress): Promise<ServerLook> {
  const { Redis } = await queuePackages();
  const { server } = address;
  const client = new Redis({
    ...connectionOptions(address),
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: FIRST_MS,
    commandTimeout: FIRST_MS,
    retryStrategy: () => null,
  });
  let problem: Error | undefined;
  client.on('error', (error) => (problem ??= error));
  try {
    const connecting = client.connect();
    connecting.catch(() => undefined);
    await Promise.race([
      connecting,
      ...(server.tls ? [silenceOfTls(address, () => client.status === 'connecting')] : []),
    ]);
    const text = await client.info().catch((error: Error) => {
      if (/NOPERM/.test(error.message)) return undefined;
      throw error;
    });
    await client.eval('return 1', 0).catch((error: Error) => {
      if (/NOPERM/.test(error.message)) throw error;
    });
    // The client itself stays in database 0 where there is no such one.
    if (server.db !== 0)
      await client.select(server.db).catch((error: Error) => {
        throw /NOPERM/.test(error.message) ? error : refused(address, `no database ${server.db} there`);
      });
    return { tells: text !== undefined, policy: checkedServer(text ?? '', address) };
  } catch (error) {
    throw error instanceof InputError ? error : await refusal(address, problem ?? (error as Error));
  } finally {
    client.disconnect();
  }
}

/** Rejects where a server says nothing to TLS because it speaks without; else it never ends. */
async function silenceOfTls(address: QueueAddress, isSilent: () => boolean): Promise<never> {
  await sleep(SILENCE_MS, undefined, { ref: false });
  if (isSilent() && (await speaksPlainly(address)))
    throw refused(address, 'one without TLS: the URL of such a server begins with redis://');
  return new Promise(() => {});
}

/** Whether a server answers without TLS. */
function speaksPlainly({ server: { host, port } }: QueueAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectPlain({ host, port, timeout: ANSWER_MS }, () => socket.write('PING\r\n'));
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.on('data', (data) => answer(/^[+-]/.test(data.toString('latin1'))));
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => answer(false));
  });
}

/** Whether a server answers to TLS, whoever it is. */
function speaksTls({ server: { host, port } }: QueueAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, timeout: ANSWER_MS, rejectUnauthorized: false }, () => answer(true));
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => answer(false));
  });
}

const refused = ({ shown }: QueueAddress, got: string) =>
  new InputError({ name: 'queue', expected: `a server at ${shown}`, got });

/** What servers refuse, in words. */
const REPLIES: Readonly<Record<string, string>> = {
  NOAUTH: 'it asks for a password: set REDIS_PASSWORD',
  WRONGPASS: 'it refuses user or password',
  NOPERM: 'it does not let this user do what a queue needs',
};

/** Why a server cannot be used; the messages of servers quote no passwords, but other texts might. */
export async function refusal(address: QueueAddress, error: Error): Promise<InputError> {
  const { code, message } = error as NodeJS.ErrnoException;
  const [word = ''] = /NOAUTH|WRONGPASS|NOPERM|LOADING|MASTERDOWN/.exec(message) ?? [];
  if (word !== '') {
    const [, command] = word === 'NOPERM' ? (/run the '([\w|]+)' command/.exec(message) ?? []) : [];
    return refused(address, `${REPLIES[word] ?? word}${command === undefined ? '' : ` (${command})`}`);
  }
  if (/ETIMEDOUT|timed? ?out/i.test(message)) return refused(address, 'no answer');
  if (code !== undefined && /^(ERR_TLS_CERT_ALTNAME_INVALID|CERT_HAS_EXPIRED)$/.test(code))
    return refused(address, `a certificate for another name or time (${code})`);
  if (code !== undefined && /CERT|SIGNATURE/.test(code))
    return refused(
      address,
      `a certificate of nobody who is trusted (${code}): name the file of its authority in NODE_EXTRA_CA_CERTS`,
    );
  const isClosed = code === undefined || code === 'ECONNRESET' || code === 'EPIPE';
  if (isClosed && !address.server.tls && (await speaksTls(address)))
    return refused(address, 'one with TLS: the URL of such a server begins with rediss://');
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO') return refused(address, `no TLS (${code})`);
  return refused(address, code ?? 'the connection was closed');
}

/** @returns what the server drops when its memory is full @throws InputError if it is too old, or a replica */
function checkedServer(text: string, address: QueueAddress): string {
  const [, version] = /^(?:valkey|redis)_version:(\d+\.\d+)/m.exec(text) ?? [];
  const [major = Infinity, minor = 0] = version?.split('.').map(Number) ?? [];
  if (major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1]))
    throw new InputError({
      name: 'queue',
      expected: `Redis ${OLDEST_SERVER.join('.')} or newer at ${address.shown}`,
      got: version,
    });
  if (/^role:slave/m.test(text) && !/^slave_read_only:0/m.test(text))
    throw refused(address, 'a replica, which takes no writes');
  return /^maxmemory_policy:(\S+)/m.exec(text)?.[1] ?? 'noeviction';
}
