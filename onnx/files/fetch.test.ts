import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenPath } from '../../fixtures/golden.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { fetchBytes } from './fetch.js';
import { loadModel } from './load.node.js';
import { float32Tensor } from '../graph/tensor.js';
import { modelBytes } from './write.js';

const path = goldenPath('squeeze.onnx');
let server: Server;
let base: string;
const asked: string[] = [];

/** A model whose weights are in another file. */
function externalModel(location: string): Uint8Array {
  const b = new GraphBuilder();
  const w = b.initializer('w', float32Tensor(new Float32Array(4).fill(3), [4]));
  b.output(b.add(b.input('x', 'float32', [4]), w));
  return modelBytes(modelOfGraph(b.graph), () => ({ location, offset: 0 }));
}

beforeAll(async () => {
  const model = await readFile(path);
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answers: Record<string, Uint8Array> = {
      '/a/model.onnx': model,
      '/a/external.onnx': externalModel('weights 1.data'),
      '/a/outside.onnx': externalModel('../secret.data'),
      '/a/elsewhere.onnx': externalModel('http://example.com/x.data'),
      '/a/weights%201.data': new Uint8Array(new Float32Array(4).fill(3).buffer),
    };
    const answer = answers[request.url ?? ''];
    if (answer) response.end(answer);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/`;
});
afterAll(() => server.close());

describe('loadModel(source)', () => {
  it('gives the same model from a path, a file URL and a web URL, and reports progress', async () => {
    const bytes = modelBytes(await loadModel(path));
    expect(modelBytes(await loadModel(pathToFileURL(path)))).toEqual(bytes);
    const seen: number[] = [];
    const model = await loadModel(`${base}model.onnx`, {
      progress_callback: ({ loaded, file }) => seen.push(file.endsWith('model.onnx') ? loaded : Number.NaN),
    });
    expect(modelBytes(model)).toEqual(bytes);
    expect(seen.at(-1)).toBe((await readFile(path)).length);
  });

  it('fetches external data beside the model, and from nowhere else', async () => {
    const { graph } = await loadModel(`${base}external.onnx`);
    expect(graph.initializers.get('w')?.data).toEqual(new Float32Array(4).fill(3));
    asked.length = 0;
    await expect(loadModel(`${base}outside.onnx`)).rejects.toThrow("must be a file in the model's own folder");
    await expect(loadModel(`${base}elsewhere.onnx`)).rejects.toThrow('cannot be read (HTTP 404)');
    expect(asked.filter((url) => !url.startsWith('/a/'))).toEqual([]);
  });

  it('says what is missing', async () => {
    await expect(loadModel(`${base}none.onnx`)).rejects.toThrow(`${base}none.onnx: cannot be read (HTTP 404)`);
    await expect(loadModel('http://')).rejects.toThrow('http://: expected a path or a URL');
    await expect(loadModel('/nowhere.onnx')).rejects.toThrow('/nowhere.onnx: cannot be read');
  });

  it('stops when the signal aborts', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(loadModel(`${base}model.onnx`, { signal })).rejects.toThrow('enough');
    await expect(loadModel(path, { signal })).rejects.toThrow('enough');
  });
});

describe('fetchBytes(url, maxBytes)', () => {
  it('reads no further than the bound', async () => {
    await expect(fetchBytes(new URL(`${base}model.onnx`), 100)).rejects.toThrow('expected at most 100 bytes; got');
  });
});
