import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenPath } from '../../fixtures/golden.js';
import { loadModel, modelBytes } from '../../onnx/index.js';
import { modelFrom } from './model-source.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-source-'));
  await copyFile(goldenPath('squeeze.onnx'), join(folder, 'a.onnx'));
  await copyFile(goldenPath('residual.onnx'), join(folder, 'a-fp16.onnx'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('modelFrom(source, options)', () => {
  it('is the same from a path, a URL, bytes or a model', async () => {
    const path = join(folder, 'a.onnx');
    const model = await loadModel(path);
    const bytes = modelBytes(model);
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href, bytes, model]) {
      expect(modelBytes(await modelFrom(source))).toEqual(bytes);
    }
  });

  it('takes the file of half precision beside the one that is named', async () => {
    const half = modelBytes(await loadModel(join(folder, 'a-fp16.onnx')));
    for (const source of [join(folder, 'a.onnx'), pathToFileURL(join(folder, 'a.onnx'))]) {
      const files: string[] = [];
      const model = await modelFrom(source, { dtype: 'fp16', progress_callback: ({ file }) => files.push(file) });
      expect(modelBytes(model)).toEqual(half);
      expect(files).toEqual([join(folder, 'a-fp16.onnx')]);
    }
  });

  it('says what is missing or wrong', async () => {
    await expect(modelFrom(join(folder, 'b.onnx'), { dtype: 'fp16' })).rejects.toThrow('b-fp16.onnx: cannot be read');
    await expect(modelFrom(new Uint8Array(9), { dtype: 'fp16' })).rejects.toThrow('expected the path or URL of a file');
    await expect(modelFrom('a.onnx', { dtype: 'q8' as 'fp16' })).rejects.toThrow(
      'dtype: expected fp32 or fp16; got "q8"',
    );
  });
});
