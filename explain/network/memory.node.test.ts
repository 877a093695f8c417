/** @file The memory of loading a network, measured in a process of its own. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { saveModel } from '../../onnx/files/load.node.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';

const dist = new URL('../../', import.meta.url);

/** A classifier of 32×32 pictures whose weights take 226 MB. */
function classifier() {
  const b = new GraphBuilder();
  const weights = (name: string, dims: number[]) => {
    const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
    const some = Float32Array.from({ length: 9973 }, (_, at) => Math.sin(at * at) / 64);
    for (let at = 0; at < data.length; at += some.length) data.set(some.subarray(0, data.length - at), at);
    return b.initializer(name, float32Tensor(data, dims));
  };
  let x = b.input('input', 'float32', ['batch', 3, 32, 32]);
  for (let at = 0; at < 7; at++) {
    const kernel = weights(`w${at}`, [1024, at === 0 ? 3 : 1024, 3, 3]);
    const stride = at < 3 ? 2 : 1;
    x = b.op('Relu', [b.op('Conv', [x, kernel], { strides: [stride, stride], pads: [1, 1, 1, 1] }, `conv${at}`)]);
  }
  b.output(b.op('Gemm', [b.op('Flatten', [b.op('GlobalAveragePool', [x])]), weights('dense', [1024, 10])]), 'logits');
  return modelOfGraph(b.graph);
}

// The peak is in /proc.
describe.runIf(existsSync('/proc/self/status'))('the peak of resident memory', () => {
  let folder: string;
  const paths: Record<'whole' | 'external', string> = { whole: '', external: '' };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ganscope-memory-'));
    for (const form of ['whole', 'external'] as const) {
      paths[form] = join(folder, `${form}.onnx`);
      await saveModel(paths[form], classifier(), { externalData: form === 'external' });
    }
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  it.each(['whole', 'external'] as const)(
    'of loading and explaining is at most 3 times the file, weights %s',
    async (form) => {
      const script = `
        const { Explainer } = await import('${new URL('explain/index.js', dist).href}');
        const { readFileSync } = await import('node:fs');
        const explainer = await Explainer.load(${JSON.stringify(paths[form])}, { device: 'cpu' });
        const picture = { width: 32, height: 32, channels: 3, data: new Uint8Array(3072).map((_, i) => i % 251) };
        const maps = await explainer.explain([picture], { methods: ['gradcam'] });
        await explainer.dispose();
        const [, peak] = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
        console.log(JSON.stringify({ peak: peak * 1024, maps: maps.length }));`;
      const file = join(folder, 'explain.mjs');
      await writeFile(file, script);
      const { stdout } = await promisify(execFile)(process.execPath, [file]);
      const { peak, maps } = JSON.parse(stdout) as { peak: number; maps: number };
      const size = (await stat(form === 'whole' ? paths.whole : `${paths.external}.data`)).size;
      expect(maps).toBe(1);
      expect(size).toBeGreaterThan(220e6);
      expect(peak).toBeLessThan(3 * size);
    },
    60_000,
  );
});
