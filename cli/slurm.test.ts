/** @file The script of docs/fleet.md in a real Slurm. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toyGenerator } from '../inference/networks/generator.test.helper.js';
import { saveModel } from '../onnx/index.js';
import { ran, scriptOf } from './child.test.helper.js';
import { startSlurm, type Slurm } from './slurm.test.helper.js';

let folder: string;
let slurm: Slurm | string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-slurm-'));
  await mkdir(join(folder, 'slurm'));
  slurm = await startSlurm(join(folder, 'slurm'));
  // The command as it is installed.
  await mkdir(join(folder, 'bin'));
  const command = join(folder, 'bin', 'gan-sample');
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${scriptOf('gan-sample')}" "$@"\n`);
  await chmod(command, 0o755);
  await saveModel(join(folder, 'generator.onnx'), toyGenerator({ size: 8 }));
}, 60_000);
afterAll(async () => {
  if (typeof slurm === 'object') await slurm.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** The script of the documentation. */
async function documentedScript(): Promise<string> {
  const page = await readFile(fileURLToPath(new URL('../../docs/fleet.md', import.meta.url)), 'utf8');
  const script = /^```sh\n(#!\/bin\/bash\n#SBATCH[^]*?)^```$/m.exec(page)?.[1];
  if (script === undefined) throw new Error('docs/fleet.md has no sbatch script');
  return script;
}

describe('sbatch of the script in docs/fleet.md', () => {
  it('fills one folder by three tasks, as one process would; a task is started again alone', async (context) => {
    if (typeof slurm === 'string') return context.skip(`no Slurm: ${slurm}`);
    await writeFile(join(folder, 'fakes.sh'), await documentedScript());
    const environment = { ...process.env, ...slurm.environment };
    const env = { ...environment, PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}` };
    const sbatch = (...options: string[]) =>
      promisify(execFile)('sbatch', ['--wait', ...options, 'fakes.sh'], { cwd: folder, env });
    await sbatch();
    const logs = await Promise.all([0, 1, 2].map((index) => readFile(join(folder, `fakes-${index}.log`), 'utf8')));
    logs.forEach((log, index) =>
      expect(log).toContain(`Share ${index} of 3, counted from 0 (from SLURM_ARRAY_TASK_ID`),
    );
    expect(logs.join('')).toContain('  fakes\n');

    const whole = ['--model', 'generator.onnx', '--count', '3000', '--format', 'npy', '--out', 'whole'];
    expect((await ran('gan-sample', whole, folder)).code).toBe(0);
    const expected = ['00000.npy', '00001.npy', '00002.npy', 'sampling.json'];
    const same = async () => {
      expect((await readdir(join(folder, 'fakes'))).toSorted()).toEqual(expected);
      for (const name of expected)
        expect(await readFile(join(folder, 'fakes', name))).toEqual(await readFile(join(folder, 'whole', name)));
    };
    await same();
    await rm(join(folder, 'fakes', '00001.npy'));
    await sbatch('--array=1');
    await same();
  }, 180_000);
});
