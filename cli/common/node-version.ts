/** @file The first import of every command: says in one line that Node is too old, before anything is loaded that would fail in others. */
import { basename } from 'node:path';

const LEAST = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
  const command = basename(process.argv[1] ?? 'ganscope', '.js');
  process.stderr.write(`${command}: needs Node ${LEAST.join('.')} or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
