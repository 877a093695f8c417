/** @file A Redis or Valkey server of its own for a test: a free port on loopback, a temporary folder. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The server's program; nothing where none is installed, and tests that need it are skipped. */
export const redisProgram = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** Certificates of a server that answers to `localhost` and 127.0.0.1. */
export interface TestCertificates {
  /** The file of the authority, which nobody else knows. */
  authority: string;
  certificate: string;
  key: string;
}

/** Makes certificates in a folder. @returns nothing where there is no openssl */
export function testCertificates(folder: string): TestCertificates | undefined {
  const at = (name: string) => join(folder, name);
  const openssl = (words: string) =>
    spawnSync('openssl', words.split(' '), { cwd: folder, stdio: 'ignore' }).status === 0;
  const made = (name: string) =>
    `-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${name}.key -out ${name}.crt`;
  const names =
    '-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -CA authority.crt -CAkey authority.key';
  if (
    !openssl(`req -x509 ${made('authority')} -subj /CN=authority`) ||
    !openssl(`req -x509 ${made('server')} ${names}`)
  )
    return undefined;
  return { authority: at('authority.crt'), certificate: at('server.crt'), key: at('server.key') };
}

export interface TestServer {
  /** Without a password. */
  url: string;
  port: number;
  /** All that was ever stored on it, as text. */
  stored(): string;
  /** Kills it as `kill -9` does, and starts it again: with what it had stored, or empty. */
  restart(kept: 'kept' | 'empty'): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param more options of the server, such as `--requirepass`
 * @param certificates with which it speaks TLS alone
 */
export async function startRedis(more: readonly string[] = [], certificates?: TestCertificates): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ganscope-redis-'));
  const port = await freePort();
  const { certificate = '', key = '', authority = '' } = certificates ?? {};
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', authority];
  const tls = ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no'];
  const options = certificates ? ['--port', '0', ...tls, ...more] : ['--port', String(port), ...more];
  let server = await started(folder, options);
  const kill = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url: `${certificates ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    port,
    stored: () =>
      readdirSync(join(folder, 'appendonlydir'))
        .map((name) => readFileSync(join(folder, 'appendonlydir', name), 'latin1'))
        .join('\n'),
    async restart(kept) {
      await kill();
      if (kept === 'empty') rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true });
      server = await started(folder, options);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function started(folder: string, options: readonly string[]): Promise<ChildProcess> {
  const words = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'];
  const server = spawn(redisProgram ?? 'redis-server', [...words, '--appendfsync', 'always', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    let text = '';
    server.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`the server ended:\n${text}`)));
  });
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
