// Installs the packed package in fresh projects, as others do, and uses it: node .ci/install.mjs [TARBALL]
// Package managers and versions of Node come from npm. A cell whose tools cannot be had is skipped and says so.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'ganscope-install-'));
const npmCommand = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const npm = (options, cwd) =>
  execFileSync(npmCommand, options, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });

/** How each package manager adds the tarball to a project. */
const managers = {
  npm10: {
    package: 'npm@10',
    script: 'bin/npm-cli.js',
    options: (file) => ['install', '--no-audit', '--no-fund', file],
  },
  npm11: {
    package: 'npm@11',
    script: 'bin/npm-cli.js',
    options: (file) => ['install', '--no-audit', '--no-fund', file],
  },
  pnpm: { package: 'pnpm@10', script: 'bin/pnpm.cjs', options: (file) => ['add', `file:${file}`] },
  yarn: { package: 'yarn@1', script: 'bin/yarn.js', options: (file) => ['add', '--no-lockfile', `file:${file}`] },
};
const cells = [
  { manager: 'npm10', node: 20 },
  { manager: 'npm11', node: 22 },
  { manager: 'npm11', node: 24, skipDownload: true },
  { manager: 'pnpm', node: 24 },
  { manager: 'yarn', node: 22 },
];
const system = process.platform === 'win32' ? 'win' : process.platform;

/** A tool's folder, installed once from npm; an explanation where it cannot be had. */
const tools = new Map();
function tool(name, specifier) {
  if (!tools.has(name)) {
    const folder = join(work, 'tools', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    try {
      npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', `tool@npm:${specifier}`], folder);
      tools.set(name, { folder: join(folder, 'node_modules', 'tool') });
    } catch (error) {
      const lines = String(error.stderr ?? error.message).split('\n');
      tools.set(name, { problem: `${specifier}: ${lines.find((line) => /error/i.test(line)) ?? lines[0]}` });
    }
  }
  return tools.get(name);
}

function nodeOf(version) {
  if (process.versions.node.startsWith(`${version}.`)) return { path: process.execPath };
  const { folder, problem } = tool(`node${version}`, `node-${system}-${process.arch}@${version}`);
  return problem ? { problem } : { path: join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node') };
}

const use = `
import * as all from 'ganscope';
import { InputError } from 'ganscope/errors';
import { methodGroups } from 'ganscope/explain/choices';
import { startStudio } from 'ganscope/studio';
import { presets } from 'ganscope/trainer/settings';
for (const value of [InputError, methodGroups, startStudio, presets, all.trainer.train, all.exporter.exportedModel, all.onnx.gradients]) if (!value) throw new Error('an export is missing');
const { path } = await all.inference.resolveModel('generator');
const generator = await all.inference.Generator.load(path);
const pictures = await generator.sample([1, 2]);
await generator.dispose();
const { path: discriminator } = await all.inference.resolveModel('discriminator');
const [map] = await all.explain.explain(discriminator, pictures, { methods: ['gradcam'], targets: 'fake' });
const { server, url } = await startStudio({ runs: 'runs', port: 0 });
const runtime = await fetch(new URL('onnxruntime-web/ort.wasm.bundle.min.mjs', url));
server.close();
if (!runtime.ok) throw new Error('the page has no runtime');
console.log(JSON.stringify({ width: pictures[0].width, score: map.score, notes: generator.choice.notes }));
`;

/** Bytes and packages under node_modules. */
function installed(folder) {
  let bytes = 0;
  const packages = new Set();
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const full = join(path, entry.name);
      if (entry.isSymbolicLink()) continue;
      if (entry.isDirectory()) visit(full);
      else bytes += lstatSync(full).size;
      if (entry.name === 'package.json' && /node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+$/.test(path)) packages.add(path);
    }
  };
  visit(folder);
  return `${Math.round(bytes / 1e6)} MB, ${packages.size} packages`;
}

function run(command, options, { cwd, env = {}, timeout = 240_000 }) {
  const result = spawnSync(command, options, { cwd, encoding: 'utf8', timeout, env: { ...process.env, ...env } });
  return {
    status: result.status ?? String(result.signal ?? result.error?.code),
    text: `${result.stdout}${result.stderr}`,
    ...result,
  };
}

/** What one cell gives; throws where the package does not work. */
function tried({ manager, node, skipDownload }, tarball, folder) {
  const nodePath = nodeOf(node);
  const { package: specifier, script, options } = managers[manager];
  const managerTool = tool(manager, specifier);
  const problem = nodePath.problem ?? managerTool.problem;
  if (problem) return `skipped: ${problem}`;
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  writeFileSync(join(folder, 'use.mjs'), use);
  const [home, temporary] = ['home', 'tmp'].map((name) => join(folder, name));
  for (const made of [home, temporary]) mkdirSync(made);
  const env = { ...(skipDownload && { ONNXRUNTIME_NODE_INSTALL: 'skip' }) };
  const install = run(nodePath.path, [join(managerTool.folder, script), ...options(tarball)], { cwd: folder, env });
  if (install.status !== 0) throw new Error(`install: exit code ${install.status}\n${install.text.slice(-3000)}`);
  // A home and a temporary folder of their own show what is written there.
  const own = {
    HOME: home,
    USERPROFILE: home,
    TMPDIR: temporary,
    TEMP: temporary,
    XDG_CACHE_HOME: join(home, '.cache'),
  };
  const used = run(nodePath.path, ['use.mjs'], { cwd: folder, env: own });
  if (used.status !== 0) throw new Error(`use.mjs: exit code ${used.status}\n${used.text.slice(-3000)}`);
  const { width, score, notes } = JSON.parse(used.stdout.trim().split('\n').at(-1));
  if (width !== 32 || !(score > 0)) throw new Error(`use.mjs: unexpected results ${used.stdout}`);
  const command = join(folder, 'node_modules', 'ganscope', 'dist', 'cli', 'gan-gradcam.js');
  if (
    !existsSync(join(folder, 'node_modules', '.bin', process.platform === 'win32' ? 'gan-gradcam.cmd' : 'gan-gradcam'))
  )
    throw new Error('the commands are not linked');
  const sample = command.replace('gan-gradcam', 'gan-sample');
  for (const words of [
    [sample, '--count', '1', '--out', 'bird.png'],
    [command, 'bird.png'],
  ]) {
    const { status, text } = run(nodePath.path, words, { cwd: folder, env: own });
    if (status !== 0) throw new Error(`${words.join(' ')}: exit code ${status}\n${text.slice(-3000)}`);
    // Without onnxruntime-node the commands say so unasked.
    if (notes[0].includes('WebAssembly') && !text.includes(notes[0]))
      throw new Error(`${words.join(' ')}: no device note\n${text}`);
  }
  if (!existsSync(join(folder, 'gradcam', 'figure.png'))) throw new Error('gan-gradcam wrote no figure');
  const written = [temporary, join(home, '.cache')].flatMap((made) => (existsSync(made) ? readdirSync(made) : []));
  const telemetry = written.filter((name) => /mat-debug|Microsoft/.test(name));
  if (telemetry.length > 0) throw new Error(`telemetry: ${telemetry.join(', ')}`);
  return `works; ${installed(join(folder, 'node_modules'))}; ${notes[0]}`;
}

/** Node 18 is too old: each command says so in one line. */
function tooOld(folder) {
  const { path, problem } = nodeOf(18);
  if (problem) return `skipped: ${problem}`;
  const commands = readdirSync(join(folder, 'node_modules', 'ganscope', 'dist', 'cli')).filter((name) =>
    /^gan-\w+\.js$/.test(name),
  );
  for (const name of commands) {
    const { status, stdout, stderr } = run(
      path,
      [join(folder, 'node_modules', 'ganscope', 'dist', 'cli', name), '--help'],
      { cwd: folder },
    );
    if (status !== 2 || stdout !== '' || !/^gan-\w+: needs Node 20\.19 or newer; this is 18\.[\d.]+\n$/.test(stderr))
      throw new Error(`${name}: exit code ${status}\n${stdout}${stderr}`);
  }
  return `${commands.length} commands say in one line that it is too old`;
}

let failed = 0;
let passed = 0;
let skipped = 0;
let working;
function report(title, attempt) {
  const started = Date.now();
  try {
    const text = attempt();
    if (text.startsWith('skipped')) skipped++;
    else passed++;
    console.log(`${title}: ${text} (${Math.round((Date.now() - started) / 1000)} s)`);
  } catch (error) {
    failed++;
    console.log(`${title}: FAILED: ${error.message}`);
  }
}
try {
  const tarball = process.argv[2]
    ? resolve(process.argv[2])
    : join(
        work,
        npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', work], root).trim().split('\n').at(-1),
      );
  for (const cell of cells) {
    const folder = join(work, `${cell.manager}-${cell.node}${cell.skipDownload ? '-skip' : ''}`);
    mkdirSync(folder);
    report(`${cell.manager}, Node ${cell.node}${cell.skipDownload ? ', ONNXRUNTIME_NODE_INSTALL=skip' : ''}`, () => {
      const text = tried(cell, tarball, folder);
      if (!text.startsWith('skipped')) working ??= folder;
      return text;
    });
    if (folder !== working) rmSync(folder, { recursive: true, force: true });
  }
  if (working) report('Node 18', () => tooOld(working));
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`install: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
