/** @file A Redis or Valkey server of its own for a test: a free port on loopback, a temporary folder. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The server's program; nothing where none is installed, and tests that need it are skipped. */
export const redisProgram = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

export interface TestServer {
  /** Without a password. */
  url: string;
  port: number;
  /** Kills it as `kill -9` does, and starts it again: with what it had stored, or empty. */
  restart(kept: 'kept' | 'empty'): Promise<void>;
  stop(): Promise<void>;
}

/** @param options of the server, such as `--requirepass` */
export async function startRedis(options: readonly string[] = []): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ganscope-redis-'));
  const port = await freePort();
  let server = await started(port, folder, options);
  const kill = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async restart(kept) {
      await kill();
      if (kept === 'empty') rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true });
      server = await started(port, folder, options);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function started(port: number, folder: string, options: readonly string[]): Promise<ChildProcess> {
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'];
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
