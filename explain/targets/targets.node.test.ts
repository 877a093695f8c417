import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { networkInputOf } from '../../inference/networks/network-input.js';
import { npyBytes } from '../../inference/numeric/npy.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { expectMaskFits, type OneChoice } from './target-choice.js';
import { loadInputs, loadLabels, loadTargets } from './targets.node.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-targets-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

describe('loadLabels(path)', () => {
  test.each([
    ['a list', '- cat\n- dog # a comment\n'],
    ['numbers and names', '1: dog\n0: cat\n'],
    ["a data set's configuration", 'path: ../data\nnc: 2\nnames:\n  0: cat\n  1: dog\n'],
    ['names and numbers', 'label2id: {dog: 1, cat: 0}\n'],
  ])('reads YAML that is %s', async (_, text) => {
    expect(await loadLabels(await file('labels.yaml', text))).toEqual(['cat', 'dog']);
    expect(await loadLabels(await file('labels.YML', text))).toEqual(['cat', 'dog']);
  });

  test('takes the same text as lines where the file is no .yaml', async () => {
    expect(await loadLabels(await file('labels.txt', '- cat\n- dog\n'))).toEqual(['- cat', '- dog']);
  });

  test('refuses YAML that is damaged or has no names, in one line', async () => {
    const damaged = await loadLabels(await file('damaged.yaml', 'names: [cat,\nnc: 2')).catch((error: Error) => error);
    expect((damaged as Error).message).toMatch(/damaged\.yaml: expected YAML; got [^\n]+$/);
    const none = await file('none.yaml', 'nc: 2\n');
    await expect(loadLabels(none)).rejects.toThrow(
      'none.yaml: expected a list of names, or numbers 0, 1, … with names',
    );
    await expect(loadLabels(join(folder, 'missing.yaml'))).rejects.toThrow('missing.yaml: cannot be read (ENOENT)');
  });
});

describe('loadTargets(targets, input)', () => {
  test('loads masks as the network sees them, cropped as the picture', async () => {
    const b = new GraphBuilder();
    b.output(b.op('Neg', [b.input('image', 'float32', ['batch', 3, 2, 2])]));
    const input = networkInputOf(modelOfGraph(b.graph), { resize: 'crop' });
    const data = Uint8Array.of(255, 255, 0, 0, 255, 255, 0, 0);
    const maskFile = await file('mask.png', await encodePng({ width: 4, height: 2, channels: 1, data }));
    const [plain, masked] = (await loadTargets(['dog', { class: 1, maskFile }], input)) ?? [];
    expect(plain).toBe('dog');
    expect(masked).toEqual({
      class: 1,
      region: {
        mask: { width: 2, height: 2, channels: 1, data: Uint8Array.of(255, 0, 255, 0) },
        name: 'mask.png',
        of: { width: 4, height: 2 },
      },
    });
    expectMaskFits(masked, { width: 4, height: 2 }, 'dog.png');
    for (const size of [
      { width: 8, height: 4 },
      { width: 2, height: 4 },
    ])
      expect(() => expectMaskFits({ several: ['dog', masked as OneChoice] }, size, 'dog.png')).toThrow(
        `target: expected a mask of the size of dog.png, ${size.width}×${size.height}; got 4×2`,
      );
    expectMaskFits({ class: 1, region: 'predicted' }, { width: 2, height: 4 }, 'dog.png');
    const placed = (target: number, joined: number) => (target + joined === 1 ? maskFile : undefined);
    const elsewhere = { several: [7, { class: 1, maskFile: '/gone/mask.png' }] };
    expect(await loadTargets([elsewhere], input, placed)).toEqual([{ several: [7, masked] }]);
    expect(await loadTargets(undefined, input)).toBeUndefined();
  });
});

describe('loadInputs(given)', () => {
  test('takes numbers, arrays and pictures', async () => {
    const array = await file('array.npy', npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]));
    const picture = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) } as const;
    const png = await file('picture.png', await encodePng(picture));
    expect(await loadInputs({ age: { data: [4] }, grid: { file: array }, other: { file: png } })).toEqual({
      age: { data: [4] },
      grid: { dims: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) },
      other: picture,
    });
  });
});
