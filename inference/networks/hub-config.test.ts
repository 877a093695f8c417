import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hubPreparation, preparationBeside } from './hub-config.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-hub-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = (config: object) => hubPreparation(JSON.stringify(config), 'net/preprocessor_config.json');

describe('hubPreparation(text, path)', () => {
  test('reads mean, deviation and size as of ViT', () => {
    const vit = { do_resize: true, size: { height: 224, width: 192 }, do_rescale: true, rescale_factor: 1 / 255 };
    expect(read({ ...vit, do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.4, 0.5] })).toEqual({
      normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.4, 0.5] },
      size: { height: 224, width: 192 },
      resize: 'squash',
    });
  });

  test('reads the crop of CLIP, the number as a size of old files, and nothing of what is not said', () => {
    const clip = { do_center_crop: true, crop_size: { height: 224, width: 224 }, size: { shortest_edge: 256 } };
    expect(read(clip)).toEqual({ size: { height: 224, width: 224 } });
    expect(read({ size: 384, image_mean: [0.5], image_std: [0.5] })).toEqual({
      normalization: { mean: [0.5], std: [0.5] },
      size: { height: 384, width: 384 },
      resize: 'squash',
    });
    const square = { height: 224, width: 224 };
    expect(read({ size: 224, do_center_crop: false })).toEqual({ size: square, resize: 'squash' });
    expect(read({ size: 224, do_resize: false })).toEqual({ size: square });
    for (const bounded of [{ max_size: 1333 }, { size_divisor: 32 }])
      expect(read({ size: 224, ...bounded })).toEqual({ size: square });
    expect(read({ size: { shortest_edge: 800 } })).toEqual({});
    const convnext = { size: { shortest_edge: 224 }, crop_pct: 0.875 };
    for (const config of [convnext, { ...convnext, size: 224 }]) expect(read(config)).toEqual({ size: square });
    for (const size of [{ shortest_edge: 384 }, 384])
      expect(read({ size, crop_pct: 1 })).toEqual({ size: { height: 384, width: 384 }, resize: 'squash' });
  });

  test('without rescaling or normalization, numbers are levels or fractions', () => {
    const levels = read({ do_rescale: false, do_normalize: true, image_mean: [127.5], image_std: [127.5] });
    expect(levels.normalization).toEqual({ mean: [0.5], std: [0.5] });
    const doubled = read({ do_rescale: true, rescale_factor: 1 / 127.5, do_normalize: false });
    expect(doubled.normalization).toEqual({ mean: [0], std: [0.5] });
    expect(read({ do_rescale: true, do_normalize: false }).normalization).toEqual({ mean: [0], std: [1] });
  });

  test.each([
    ['[1]', 'expected an object in JSON'],
    ['{', 'expected an object in JSON'],
    ['{"image_mean": [0.5], "image_std": [0]}', 'expected numbers as image_mean, and positive ones as image_std'],
    ['{"image_mean": "half", "image_std": [1]}', 'expected numbers as image_mean'],
  ])('refuses %s', (text, message) => {
    expect(() => hubPreparation(text, 'net/preprocessor_config.json')).toThrow(
      `net/preprocessor_config.json: ${message}`,
    );
  });
});

test('preparationBeside(source) looks beside the model, and above a folder onnx', async () => {
  await mkdir(join(folder, 'net', 'onnx'), { recursive: true });
  await mkdir(join(folder, 'net', 'other'));
  await writeFile(join(folder, 'net', 'preprocessor_config.json'), '{"image_mean": [0.25], "image_std": [0.5]}');
  const expected = {
    preparation: { normalization: { mean: [0.25], std: [0.5] } },
    because: 'as preprocessor_config.json beside the model says',
  };
  expect(await preparationBeside(join(folder, 'net', 'model.onnx'))).toEqual(expected);
  expect(await preparationBeside(join(folder, 'net', 'onnx', 'model.onnx'))).toEqual(expected);
  expect(await preparationBeside(join(folder, 'net', 'other', 'model.onnx'))).toBeUndefined();
  expect(await preparationBeside(new Uint8Array())).toBeUndefined();
});
