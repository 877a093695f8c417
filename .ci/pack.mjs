// Checks what npm would publish: its entries and types (publint, arethetypeswrong), types of a strict user, contents and size.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'ganscope-pack-'));
const windows = process.platform === 'win32';
const run = (command, options, cwd = root) => {
  try {
    return execFileSync(windows && command !== process.execPath ? `${command}.cmd` : command, options, {
      cwd,
      encoding: 'utf8',
      shell: windows,
    });
  } catch (error) {
    throw new Error(`${command} ${options.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error });
  }
};
const bin = (path) => join(root, 'node_modules', ...path.split('/'));

/** Megabytes that the package may have unpacked: 14 are the WebAssembly that stands in for onnxruntime-node, 2 the page of gan-studio. */
const LARGEST = 31;

const browserUse = `
import { Generator, type Picture } from 'ganscope/inference';
import { explain, type Explanation } from 'ganscope/explain';
import { gradients, GraphBuilder, InputError } from 'ganscope/onnx';
import * as browser from 'ganscope/browser';
export async function used(): Promise<Explanation[]> {
  await using generator = await Generator.load('generator.onnx', { device: 'auto' });
  const pictures: Picture[] = await generator.sample([1]);
  return explain('discriminator.onnx', pictures);
}
export { browser, gradients, GraphBuilder, InputError };
`;
const nodeUse = `
import { inference, onnx } from 'ganscope';
import { InputError, inputMessage } from 'ganscope/errors';
import { runJob, sampleJob } from 'ganscope/inference';
import { explainFiles } from 'ganscope/explain';
import { methodGroups } from 'ganscope/explain/choices';
import { exportedModel } from 'ganscope/exporter';
import { startStudio } from 'ganscope/studio';
import { startRun, train } from 'ganscope/trainer';
import { configWith } from 'ganscope/trainer/settings';
export { configWith, explainFiles, exportedModel, inference, InputError, inputMessage, methodGroups, onnx, runJob, sampleJob, startRun, startStudio, train };
`;

try {
  const [{ filename, size, unpackedSize, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work]),
  );
  const tarball = join(work, filename);
  const paths = files.map(({ path }) => path);
  const stray = paths.filter(
    (path) => /\.test\.|\.helper\.|^(bench|dist\/bench|\.ci)\//.test(path) || path.endsWith('check.node.js'),
  );
  if (stray.length > 0) throw new Error(`not meant to be published: ${stray.join(', ')}`);
  // A package that is imported has to be installed: after `tsc` alone, say, TensorFlow.js is not built in.
  const {
    name: own,
    dependencies,
    optionalDependencies,
    peerDependencies,
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const known = new Set([own, ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })]);
  for (const path of paths.filter((each) => /^dist\/(?!browser|wasm).*\.js$/.test(each))) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, source] of text.matchAll(/^(?:import|export) .*?from ?['"]((?:@[\w-]+\/)?\w[\w.-]*)[^'"]*['"]/gm))
      if (!known.has(source) && source !== 'node' && !builtinModules.includes(source))
        throw new Error(`${path}: imports ${source}, which is not installed`);
  }
  if (unpackedSize > LARGEST * 1e6)
    throw new Error(`${(unpackedSize / 1e6).toFixed(1)} MB unpacked; expected at most ${LARGEST}`);
  console.log(
    `${filename}: ${(size / 1e6).toFixed(1)} MB packed, ${(unpackedSize / 1e6).toFixed(1)} MB in ${files.length} files`,
  );
  run(process.execPath, [bin('publint/src/cli.js'), tarball, '--strict']);
  console.log('publint: no complaint');
  run(process.execPath, [bin('@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only']);
  console.log('attw: no complaint');

  // A user's project that checks the types of its packages too.
  const project = join(work, 'user');
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '@types'), { recursive: true });
  run('tar', ['-xzf', tarball, '-C', work]);
  symlinkSync(join(work, 'package'), join(modules, 'ganscope'), 'junction');
  mkdirSync(join(work, 'package', 'node_modules'));
  for (const name of ['onnxruntime-common', 'chart.js', '@kurkle', 'canvas', '@napi-rs', '@bufbuild'])
    symlinkSync(bin(name), join(work, 'package', 'node_modules', name), 'junction');
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(bin(name), join(modules, ...name.split('/')), 'junction');
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  writeFileSync(join(project, 'browser.ts'), browserUse);
  writeFileSync(join(project, 'node.ts'), nodeUse);
  const checked = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--module', 'nodenext'];
  const tsc = [bin('typescript/bin/tsc'), ...checked];
  run(process.execPath, [...tsc, '--types', 'node', '--lib', 'es2023,dom', 'node.ts'], project);
  run(process.execPath, [...tsc, '--types', '', '--lib', 'es2022,dom', 'browser.ts'], project);
  console.log('types: no complaint from a strict user in Node, or in a browser');
} finally {
  rmSync(work, { recursive: true, force: true });
}
