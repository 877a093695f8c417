/** @file Masks of one class as targets of one picture. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decodePicture, encodePng } from '../../inference/pictures/pictures.node.js';
import { GraphBuilder, modelOfGraph } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';
import { Explainer } from '../maps/explain.js';
import { spotPicture } from '../networks.test.helper.js';
import { parsedTargets } from '../parse/targets.js';
import { loadTargets } from '../targets/targets.node.js';
import { explainFiles } from './explain-files.node.js';

const folder = await mkdtemp(join(tmpdir(), 'ganscope-masks-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

test('are told by their files, and have rows of their own in the figure', async () => {
  const b = new GraphBuilder();
  const kernel = b.initializer('kernel', float32Tensor([1, 0, 0, 0, 1, 0], [2, 3, 1, 1]));
  const features = b.op('Conv', [b.input('image', 'float32', ['batch', 3, 24, 24]), kernel], {}, 'features');
  b.output(b.op('Conv', [b.op('Relu', [features]), b.initializer('one', float32Tensor([1, 0, 0, 1], [2, 2, 1, 1]))]));
  await using explainer = await Explainer.load(modelOfGraph(b.graph), { device: 'cpu' });
  const file = async (name: string, x: number) => {
    await writeFile(join(folder, name), await encodePng(spotPicture(24, 24, x, 9)));
    return join(folder, name);
  };
  const [picture, left, right] = [await file('a.png', 9), await file('left,1.png', 9), await file('right.png', 15)];
  const explained = async (name: string, target: string) => {
    const targets = (await loadTargets(parsedTargets(target), explainer.input)) ?? [];
    const out = join(folder, name);
    await explainFiles(explainer, [picture], { targets, methods: ['hirescam'], layers: 'features', out });
    const { maps } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8'));
    const { height } = await decodePicture(join(out, 'figure.png'));
    return { maps, height };
  };
  const both = await explained('both', `1@"${left}"+1@${right}`);
  expect(both.maps).toMatchObject([
    { label: 'class 1 in left,1.png', target: { class: 1, region: { mask: 'left,1.png' } } },
    { label: 'class 1 in right.png', target: { class: 1, region: { mask: 'right.png' } } },
  ]);
  const one = await explained('one', `1@"${left}"`);
  const twice = await explained('twice', `1@"${left}"+1@"${left}"`);
  expect(both.height).toBeGreaterThan(1.5 * one.height);
  expect(twice.height).toBe(both.height);
});
