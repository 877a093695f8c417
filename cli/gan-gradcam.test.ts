import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodGroups } from '../explain/methods/names.js';
import { encodePng } from '../inference/index.js';
import { spacePicture } from '../trainer/index.js';
import { LIST_MODULES, ran } from './child.test.helper.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-gradcam-'));
  await mkdir(join(folder, 'pictures', 'more'), { recursive: true });
  for (const [i, name] of ['a.png', 'more/a.png'].entries()) {
    await writeFile(join(folder, 'pictures', name), await encodePng(spacePicture(48, 0, i)));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('gan-gradcam', () => {
  it('explains all pictures of a folder and says in results.json how', async () => {
    const { code, stdout, stderr } = await ran(
      'gan-gradcam',
      ['pictures', '--device', 'cpu', '--overlay', 'blend'],
      folder,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('  gradcam/figure.png\n  gradcam/results.json\n');
    const results = JSON.parse(await readFile(join(folder, 'gradcam', 'results.json'), 'utf8'));
    expect(results).toMatchObject({ version: expect.any(String), device: 'cpu', options: { overlay: 'blend' } });
    expect(results.model).toMatch(/discriminator\.onnx$/);
    expect(results).toMatchObject({ complete: true, modelDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(results.maps.map(({ picture, method }: Record<string, string>) => `${picture} ${method}`)).toEqual([
      'pictures/a.png gradcam',
      'pictures/a.png gradcam++',
      'pictures/more/a.png gradcam',
      'pictures/more/a.png gradcam++',
    ]);
  });

  it('ends with code 3 when a file was skipped, and --resume does not repeat what is done', async () => {
    await writeFile(join(folder, 'text.png'), 'no picture');
    const command = ['text.png', 'pictures/a.png', '--device', 'cpu', '--out', 'some'];
    const { code, stderr } = await ran('gan-gradcam', command, folder);
    expect([code, stderr]).toEqual([3, expect.stringContaining('text.png: expected a picture')]);
    const before = (await stat(join(folder, 'some', 'figure.png'))).mtimeMs;
    const again = await ran('gan-gradcam', [...command, '--resume'], folder);
    expect([again.code, again.stdout]).toEqual([3, expect.stringContaining('and values of 2 maps in some')]);
    expect((await stat(join(folder, 'some', 'figure.png'))).mtimeMs).toBe(before);
  });

  it.each([[[]], [['--task-size', '1']]])('prints and stores what was passed over in a folder: %j', async (options) => {
    const out = options.length > 0 ? 'left-tasks' : 'left';
    await mkdir(join(folder, 'strays'), { recursive: true });
    await copyFile(join(folder, 'pictures', 'a.png'), join(folder, 'strays', 'a.png'));
    await writeFile(join(folder, 'strays', 'raw.heic'), 'no picture');
    const command = ['strays', '--method', 'gradcam', '--device', 'cpu', '--out', out, ...options];
    const { code, stdout } = await ran('gan-gradcam', command, folder);
    expect([code, stdout]).toEqual([3, expect.stringMatching(/^Passed over: 1 file, such as strays\/raw\.heic: /m)]);
    const stored = await readFile(join(folder, out, options.length > 0 ? 'results.jsonl' : 'results.json'), 'utf8');
    expect(stored).toContain('"about":"passed over","taken":"1 file, such as strays/raw.heic: ');
  });

  it.each([[[]], [['--task-size', '1']], [['--evaluate']]])(
    '--strict stops before anything is written: %j',
    async (options) => {
      await mkdir(join(folder, 'odd'), { recursive: true });
      await copyFile(join(folder, 'pictures', 'a.png'), join(folder, 'odd', 'a.png'));
      await writeFile(join(folder, 'odd', 'b.png'), 'no picture');
      const command = [
        'odd',
        '--method',
        'gradcam',
        '--target',
        'real',
        '--device',
        'cpu',
        '--out',
        'none',
        '--strict',
        ...options,
      ];
      const broken = await ran('gan-gradcam', command, folder);
      expect([broken.code, broken.stderr]).toEqual([
        2,
        expect.stringMatching(/^gan-gradcam: --strict: expected no broken picture; got odd\/b\.png: .*\n$/),
      ]);
      await writeFile(join(folder, 'odd', 'raw.heic'), 'no picture');
      const { code, stderr } = await ran('gan-gradcam', command, folder);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/^gan-gradcam: --strict: expected no skipped file; got odd\/raw\.heic: .*\n$/),
      ]);
      await rm(join(folder, 'odd', 'raw.heic'));
      await expect(stat(join(folder, 'none'))).rejects.toThrow('ENOENT');
    },
  );

  it('prints how good the methods are and plots it', async () => {
    const options = ['pictures', '--evaluate', '--method', 'gradcam', '--target', 'real', '--out', 'measured'];
    const { code, stdout } = await ran('gan-gradcam', [...options, '--device', 'cpu'], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Means over 2 pictures:\n\n\| Method \| Insertion AUC ↑ \| .*\n\| --- .*\n\| Grad-CAM .*\|\n$/m,
    );
    expect(stdout).toContain('  measured/insertion.png\n  measured/deletion.png\n');
  });

  it('lists the layers and marks what would be taken', async () => {
    const { code, stdout } = await ran('gan-gradcam', ['--list-layers', '--layer', '0+1', '--device', 'cpu'], folder);
    expect(code).toBe(0);
    const marks = stdout.split('\n').filter((line) => line.includes('\tConv\t'));
    expect(marks.map((line) => line.slice(0, 3))).toEqual(['* 0', '* 1', '  2', '  3']);
  });

  it('--help names every method and loads no ONNX Runtime', async () => {
    const { code, stdout, stderr } = await ran('gan-gradcam', ['--help'], folder, [LIST_MODULES]);
    expect(code).toBe(0);
    for (const { names } of methodGroups) for (const name of names) expect(stdout).toContain(name);
    expect(stderr).not.toContain('onnxruntime');
  });

  it.each([
    [
      ['pictures', '--evaluate', '--random-weights', '1'],
      /^gan-gradcam: --evaluate and --random-weights cannot be combined\n$/,
    ],
    [['pictures', '--evaluate', '--palette', 'turbo'], /^gan-gradcam: --evaluate and --palette cannot be combined\n$/],
    [['pictures', '--evaluate', '--same-scale'], /^gan-gradcam: --evaluate and --same-scale cannot be combined\n$/],
    [
      ['pictures', '--method', 'saliency', '--layer', '1'],
      /^gan-gradcam: --layer: expected a method that explains layers; got saliency\n$/,
    ],
    [['pictures', '--boxes', 'b.csv'], /^gan-gradcam: --boxes: expected the option --evaluate beside it; got none\n$/],
    [
      ['pictures', '--evaluate', '--metric', 'best'],
      /^gan-gradcam: --metric: expected all, or one or more of insertion, .*; got "best"\n$/,
    ],
    [
      ['pictures', '--out', '/dev/null/x'],
      /^gan-gradcam: --out: expected a folder that can be written to; got \/dev\/null\/x \(ENOTDIR\)\n$/,
    ],
    [[], /^gan-gradcam: IMAGE: expected picture files, or folders of them; got none\n$/],
    [['nothing.png'], /^gan-gradcam: nothing\.png: cannot be read \(ENOENT\)\n$/],
    [['pictures', '--alpha', '2'], /^gan-gradcam: --alpha: expected a number in 0…1; got 2\n$/],
    [
      ['pictures', '--target', 'real,fake,real'],
      /^gan-gradcam: --target: expected one target, or one for each of 2 pictures \(several of a picture are joined by \+\); got 3\n$/,
    ],
    [['pictures', '--target', 'top-3'], /^gan-gradcam: --target: expected real or fake, as .*; got top-3\n$/],
    [
      ['pictures', '--method', 'finercam'],
      /^gan-gradcam: --method: expected all, or one or more of cam, gradcam, .*"finercam"\n$/,
    ],
    [
      ['pictures', '--method', 'legrad'],
      /^gan-gradcam: --method: expected for attention maps, a transformer .*; got no attention\n$/,
    ],
    [
      ['pictures', '--layer', 'nowhere'],
      /^gan-gradcam: --layer: expected last-conv, all-convs, an index of 0…3, .*; got "nowhere"; the convolutions are .*\n$/,
    ],
    [['pictures', '--size', '64'], /^gan-gradcam: --size: expected 32x32, which the model fixes; got 64x64\n$/],
    [
      ['pictures', '--output', 'nope'],
      /^gan-gradcam: --output: expected logit, probability, or another value .*"nope"\n$/,
    ],
    [['pictures', '--labels', 'nope.txt'], /^gan-gradcam: nope\.txt: cannot be read \(ENOENT\)\n$/],
  ])('answers %j with one line and exit code 2', async (options, line) => {
    const { code, stderr } = await ran('gan-gradcam', [...options, '--device', 'cpu'], folder);
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
  });
});
