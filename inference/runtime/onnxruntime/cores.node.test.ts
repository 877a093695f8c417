import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cpuQuota, shareOfCores, usableCores } from './cores.node.js';

const base = mkdtempSync(join(tmpdir(), 'ganscope-cores-'));
afterAll(() => rmSync(base, { recursive: true }));

function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(base, 'root-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('cpuQuota(root)', () => {
  it('is that of the group or of one above it, whichever grants least (version 2)', () => {
    const root = machine({
      'proc/self/cgroup': '0::/kubepods/pod7/main\n',
      'sys/fs/cgroup/kubepods/pod7/main/cpu.max': 'max 100000\n',
      'sys/fs/cgroup/kubepods/pod7/cpu.max': '150000 100000\n',
      'sys/fs/cgroup/kubepods/cpu.max': '800000 100000\n',
    });
    expect(cpuQuota(root)).toBe(1.5);
  });

  it('is what is mounted in a container, whose group has no path there', () => {
    expect(cpuQuota(machine({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '25000 100000\n' }))).toBe(0.25);
    const outside = machine({
      'proc/self/cgroup': '12:cpu,cpuacct:/docker/0f\n3:memory:/docker/0f\n',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '400000\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    });
    expect(cpuQuota(outside)).toBe(4);
  });

  it('is infinite without limits, without control groups, and for files that say something else', () => {
    expect(cpuQuota(machine({}))).toBe(Infinity);
    expect(cpuQuota(machine({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': 'max 100000\n' }))).toBe(Infinity);
    const first = {
      'proc/self/cgroup': '2:cpu:/\n',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    };
    expect(cpuQuota(machine(first))).toBe(Infinity);
    expect(cpuQuota(machine({ 'proc/self/cgroup': '0::/../..\nnonsense', 'sys/fs/cgroup/cpu.max': 'a b' }))).toBe(
      Infinity,
    );
  });
});

describe('usableCores()', () => {
  it('is at least one, and at most what Node says', () => {
    expect(usableCores()).toBeGreaterThanOrEqual(1);
    expect(usableCores()).toBeLessThanOrEqual(availableParallelism());
  });

  it('is at most GANSCOPE_CORES, of which other text is refused', () => {
    const file = join(base, 'usable.mjs');
    const module = new URL('cores.node.js', import.meta.url).href;
    writeFileSync(file, `import { usableCores } from '${module}'; console.log(usableCores());`);
    const usable = (cores: string) =>
      execFileSync(process.execPath, [file], {
        env: { ...process.env, GANSCOPE_CORES: cores },
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim();
    expect(usable('1')).toBe('1');
    expect(usable('100000')).toBe(usable(''));
    for (const text of ['0', '-1', '1.5', 'all'])
      expect(() => usable(text)).toThrow(`GANSCOPE_CORES: expected a whole number of at least 1; got ${text}`);
  });
});

describe('shareOfCores(shares)', () => {
  it('leaves each process its part, at least one', () => {
    expect(shareOfCores(1)['GANSCOPE_CORES']).toBe(String(usableCores()));
    expect(shareOfCores(2)['GANSCOPE_CORES']).toBe(String(Math.max(1, Math.floor(usableCores() / 2))));
    expect(shareOfCores(1000)['GANSCOPE_CORES']).toBe('1');
    expect(shareOfCores(1)['PATH']).toBe(process.env['PATH']);
  });
});

/** Opens a session and prints the cores that each thread of the process may run on. */
const bound = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { openSession } from '${new URL('../runtime.node.js', import.meta.url).href}';
  import { GraphBuilder, modelOfGraph } from '${new URL('../../../onnx/build/build.js', import.meta.url).href}';
  const b = new GraphBuilder();
  b.output(b.op('Relu', [b.input('x', 'float32', ['n'])]), 'y');
  const session = await openSession(modelOfGraph(b.graph));
  const cores = readdirSync('/proc/self/task').map((task) =>
    /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync('/proc/self/task/' + task + '/status', 'utf8'))[1]);
  console.log(JSON.stringify(cores));
  process.exit();
`;

describe('a session in a process that may use one core of several', () => {
  const skipped = platform() !== 'linux' || cpus().length < 2 || availableParallelism() < 2;
  it.skipIf(skipped)('has no thread that runs on another one', () => {
    const file = join(base, 'bound.mjs');
    writeFileSync(file, bound);
    const printed = execFileSync('taskset', ['-c', '0', process.execPath, file], { encoding: 'utf8' });
    expect(new Set(JSON.parse(printed) as string[])).toEqual(new Set(['0']));
  });
});
