import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idxFile } from '../trainer/data/data.test.helper.js';
import { LIST_MODULES, ran } from './child.test.helper.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-train-'));
  await mkdir(join(folder, 'digits'));
  const images = idxFile(
    [9, 8, 8],
    Array.from({ length: 9 * 64 }, (_, i) => (i * i) % 251),
  );
  await writeFile(join(folder, 'digits', 'train-images-idx3-ubyte'), images);
  await writeFile(join(folder, 'digits', 'train-labels-idx1-ubyte'), idxFile([9], [0, 1, 2, 0, 1, 2, 0, 1, 2]));
  await writeFile(
    join(folder, 'tiny.yaml'),
    'preset: pokemon\nimage-size: 8\nchannels: 1\ndata: digits\nclasses: 1,2\nngf: 2\nndf: 2\nlatent-dim: 4\nbatch-size: 4\nflip: true\ndevice: cpu\nlog-every: 2\n',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const train = async (...options: string[]) => {
  const { stderr, ...rest } = await ran('gan-train', options, folder);
  // On a busy machine there are lines of progress.
  return { ...rest, stderr: stderr.replaceAll(/^\d+\/\d+ (steps|pictures).*\n/gm, '') };
};

describe('gan-train', () => {
  it('trains with the settings of a file and goes on with them', async () => {
    const first = await train('--config', 'tiny.yaml', '--out', 'run', '--steps', '3');
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toMatch(
      /^New run run: 6 of 9 pictures of .*digits \(train\) \(2 of 3 classes\), 8×8, preset pokemon, seed 0\n/,
    );
    expect(first.stdout.match(/Loss_D/g)).toHaveLength(2); // steps 1 and 2
    const saved = JSON.parse(await readFile(join(folder, 'run', 'config.json'), 'utf8'));
    expect(saved).toMatchObject({
      config: { preset: 'pokemon', imageSize: 8, ngf: 2, ndf: 2, latentDim: 4, batchSize: 4, flip: true, lr: 0.005 },
      data: join(folder, 'digits'),
      dataOptions: { split: 'all', classes: ['1', '2'], cropToBox: false },
      steps: 3,
    });
    const second = await train('--resume', 'run', '--config', 'tiny.yaml', '--steps', '4');
    expect([second.code, second.stderr]).toEqual([0, '']);
    expect(second.stdout).toMatch(/^Resuming run after step 3: .*\n[^]*Trained 4 steps\./);
    const third = await train('--resume', 'run', '--steps', '4');
    expect([third.code, third.stderr]).toEqual([0, '']);
    expect(third.stdout).toContain(
      'Nothing is left to train: run has done its 4 steps; more --steps or --epochs continue it\n',
    );
    expect(third.stdout).not.toContain('Trained');
    expect(await train('--resume', 'run', '--ngf', '8')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'gan-train: --ngf: expected 2, as a resumed run keeps it (leave it out or start a new run); got 8\n',
    });
  });

  it('refuses a config.json that says of the data what cannot be', async () => {
    const file = join(folder, 'run', 'config.json');
    const saved = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...saved, dataOptions: { ...saved.dataOptions, split: 'half' } }));
    const line = 'gan-train: run/config.json: dataOptions: split: expected one of train, val, test, all; got "half"\n';
    expect(await train('--resume', 'run')).toEqual({ code: 2, stdout: '', stderr: line });
    await writeFile(file, JSON.stringify(saved));
  });

  it('prints its settings and stops, without loading a runtime', async () => {
    const options = ['--config', 'tiny.yaml', '--print-config', '--ngf', '32', '--classes', 'a,b'];
    const { code, stdout, stderr } = await ran('gan-train', options, folder, [LIST_MODULES]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^preset: "pokemon" +# tiny\.yaml\n/);
    expect(stdout).toMatch(/^ngf: 32 +# option\n/m);
    expect(stdout).toMatch(/^lr: 0\.005 +# preset pokemon\n/m);
    expect(stdout).toMatch(/^classes: \["a","b"\] +# option\n/m);
    expect(stderr).not.toMatch(/onnxruntime|tfjs|sharp/);
  });

  it.each([
    [['--ngf', '0'], '--ngf: expected an integer of 1…1024; got 0'],
    [['--channels', '2'], '--channels: expected one of 1, 3; got 2'],
    [['--preset', 'owls'], '--preset: expected one of cub200, fashion-mnist, pokemon, space, birds; got "owls"'],
    [
      ['--normalization', '0.5/0'],
      '--normalization: expected mean and std, one finite number per channel each, std above 0; got {"mean":[0.5],"std":[0]}',
    ],
    [['--config', 'none.yaml'], 'none.yaml: cannot be read (ENOENT)'],
    [['--print-config', '--resume', 'run'], '--print-config: a resumed run has its settings in config.json'],
  ])('answers %j with one line and exit code 2', async (options, line) => {
    expect(await train(...options)).toEqual({ code: 2, stdout: '', stderr: `gan-train: ${line}\n` });
  });
});
