/**
 * @file Preloaded into a command (`node --import`): counts the operations that change files and lets one of them fail, or kills
 * the process there. `GANSCOPE_FAULT` is `count`, or a kind of fault and the number of the operation, such as `ENOSPC:17`;
 * `kill` ends the process before the operation, `torn` after half of what it writes. Commands that write no file read some:
 * with `GANSCOPE_FAULT_READS=1` the operations that read below the working folder count too (not those that load code).
 */
import { isMainThread } from 'node:worker_threads';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { writeSync } from 'node:fs';
import { resolve } from 'node:path';

type Operation = (...parameters: unknown[]) => unknown;

const require = createRequire(import.meta.url);
const fs = require('node:fs') as Record<string, unknown> & { promises: Record<string, unknown> };
const reads = process.env['GANSCOPE_FAULT_READS'] === '1';
const [kind = 'count', at = '0'] = (process.env['GANSCOPE_FAULT'] ?? 'count').split(':');
const fatal = Number(at);
let count = 0;

const kill = () => process.kill(process.pid, 'SIGKILL');

function failure(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${kind}: injected, ${name}`), { code: kind, syscall: name, errno: -1 });
}

/** An operation that counts, and is the one that fails or not. @param half does half of it, where that is possible */
function counted(
  name: string,
  operation: Operation,
  reject: (error: Error) => unknown,
  half?: (self: unknown, parameters: unknown[]) => Promise<unknown>,
): Operation {
  return function counting(this: unknown, ...parameters: unknown[]) {
    const number = ++count;
    if (number !== fatal || kind === 'count') return operation.apply(this, parameters);
    if (kind === 'kill') kill();
    if (kind === 'torn') {
      if (!half) kill();
      return half?.(this, parameters).finally(kill);
    }
    return reject(failure(name));
  };
}

/** Half of the bytes or characters that an operation writes. */
function halved(data: unknown): unknown {
  if (typeof data === 'string') return data.slice(0, data.length >> 1);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength >> 1) : data;
}

const CHANGES = ['rename', 'rm', 'mkdir', 'rmdir', 'link', 'symlink', 'unlink', 'truncate', 'writeFile', 'appendFile'];
/** Whether a path that is read lies below the working folder. */
const isOurs = (path: unknown) =>
  (typeof path === 'string' || Buffer.isBuffer(path)) && `${resolve(String(path))}/`.startsWith(`${process.cwd()}/`);

const READS = ['readFile', 'readdir', 'stat', 'lstat'];
const HANDLE_CHANGES = ['write', 'writeFile', 'appendFile', 'sync', 'truncate'];
const HANDLE_READS = ['read', 'readFile', 'stat'];

if (isMainThread) {
  const { promises } = fs;
  for (const name of CHANGES) {
    const operation = promises[name] as Operation;
    promises[name] = counted(name, operation, (error) => Promise.reject(error));
    const sync = fs[`${name}Sync`] as Operation;
    fs[`${name}Sync`] = counted(name, sync, (error) => {
      throw error;
    });
  }
  for (const name of reads ? READS : []) {
    const operation = promises[name] as Operation;
    const counting = counted(name, operation, (error) => Promise.reject(error));
    promises[name] = function reading(this: unknown, ...parameters: unknown[]) {
      return (isOurs(parameters[0]) ? counting : operation).apply(this, parameters);
    };
  }
  const open = promises['open'] as Operation;
  const counting = counted('open', open, (error) => Promise.reject(error));
  promises['open'] = function opening(this: unknown, ...parameters: unknown[]) {
    const [path, flags = 'r'] = parameters;
    return (flags === 'r' && !(reads && isOurs(path)) ? open : counting).apply(this, parameters);
  };
  const handle = (await (open as typeof import('node:fs/promises').open)(process.execPath)) as unknown as {
    close(): Promise<void>;
  };
  const prototype = Object.getPrototypeOf(handle) as Record<string, unknown>;
  await handle.close();
  for (const name of reads ? [...HANDLE_CHANGES, ...HANDLE_READS] : HANDLE_CHANGES) {
    const operation = prototype[name] as Operation;
    const half = name.startsWith('write')
      ? async (self: unknown, [data, ...rest]: unknown[]) => {
          // A position stays where it is, a length is that of the half.
          const part = halved(data);
          const length = typeof part === 'string' ? part.length : (part as Uint8Array).byteLength;
          const parameters = name === 'write' && rest.length >= 2 ? [part, 0, length, rest[2]] : [part];
          return operation.apply(self, parameters);
        }
      : undefined;
    prototype[name] = counted(name, operation, (error) => Promise.reject(error), half);
  }
  syncBuiltinESMExports();
  if (kind === 'count') process.on('exit', () => writeSync(2, `operations: ${count}\n`));
}
