/** @file `--help` answers at once: it loads nothing that reads, differentiates or runs networks. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandNames, scriptOf, type CommandName } from './child.test.helper.js';

const root = new URL('../../', import.meta.url).href;

/** The modules that a command's `--help` has loaded, as paths in the package. */
function loadedByHelp(command: CommandName): string[] {
  const coverage = mkdtempSync(join(tmpdir(), 'ganscope-help-'));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: coverage };
    execFileSync(process.execPath, [scriptOf(command), '--help'], { env, stdio: 'ignore' });
    const [file = ''] = readdirSync(coverage);
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] };
    return result.flatMap(({ url }) => (url.startsWith(root) ? [url.slice(root.length)] : []));
  } finally {
    rmSync(coverage, { recursive: true, force: true });
  }
}

describe.each(commandNames)('%s --help', (command) => {
  it('loads no protobuf, shapes, runtime, canvas or sharp', () => {
    const loaded = loadedByHelp(command);
    expect(loaded).toContain(`dist/cli/${command}.js`);
    expect(loaded.filter((path) => /protobuf|onnx\/shapes\/|onnxruntime|canvas|sharp/.test(path))).toEqual([]);
  });
});
