/** @file `--help` answers at once: it loads nothing that reads, differentiates or runs networks. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('./', import.meta.url));
const commands = readdirSync(folder).filter((name) => /^gan-[a-z]+\.js$/.test(name));

/** The modules that a command has loaded at its end. */
function loadedBy(command: string, ...words: string[]): string[] {
  const coverage = mkdtempSync(join(tmpdir(), 'ganscope-help-'));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: coverage };
    execFileSync(process.execPath, [join(folder, command), ...words], { env, stdio: 'ignore' });
    const [file = ''] = readdirSync(coverage);
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  } finally {
    rmSync(coverage, { recursive: true, force: true });
  }
}

describe.each(commands)('%s --help', (command) => {
  it('loads no protobuf, shapes, runtime, canvas or sharp', () => {
    const loaded = loadedBy(command, '--help');
    expect(loaded.some((url) => url.endsWith(`/cli/${command}`))).toBe(true);
    expect(loaded.filter((url) => /protobuf|\/onnx\/shapes\/|onnxruntime|canvas|sharp/.test(url))).toEqual([]);
  });
});
