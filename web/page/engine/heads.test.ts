import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resolvedTargets } from '../../../explain/targets/target-choice.js';
import { scoreHead } from '../../../inference/networks/find-score-head.js';
import type { ScoreHead } from '../../../inference/networks/score-head.js';
import { loadModel, upgradedModel } from '../../../onnx/index.js';
import { headName, headTargets } from './heads.js';

const head = async (file: string) =>
  scoreHead(upgradedModel(await loadModel(fileURLToPath(new URL(`../../../../fixtures/${file}`, import.meta.url)))));
const detector: ScoreHead = { kind: 'boxes', logits: 'scores', classes: 3, grid: { height: 1, width: 2 } };

describe('the page', () => {
  it.each([
    ['a discriminator of ours', head('tiny/discriminator.onnx'), 'Discriminator', 'fake real'],
    [
      'a network of others with one score',
      head('golden/discriminator-conv.onnx'),
      'Network with one score',
      'score class 0 class 1 fake real',
    ],
    [
      'a classifier',
      head('golden/squeeze.onnx'),
      'Classifier of 5 classes',
      'top class class 0 class 1 class 2 class 3 class 4',
    ],
    [
      'a segmenter',
      head('golden/segmenter-dynamo.onnx'),
      'Network with 5 classes per position',
      'top class class 0 class 1 class 2 class 3 class 4',
    ],
    ['a detector', detector, 'Detector of 3 classes', 'best box class 0 class 1 class 2'],
  ])('calls %s by its kind, and offers targets that it has, the default first', async (_, given, name, names) => {
    const found = await given;
    expect(headName(found)).toBe(name);
    const targets = headTargets(found);
    expect(targets.map(([, text]) => text).join(' ')).toBe(names);
    const positions = found.grid ? found.grid.height * found.grid.width : 1;
    const logits = Float32Array.from({ length: found.classes * positions }, (__, i) => i);
    const resolved = targets.map(([value]) =>
      resolvedTargets(found, value === '' ? undefined : /^\d/.test(value) ? Number(value) : value, logits),
    );
    expect(resolved[0]).toEqual(resolvedTargets(found, undefined, logits));
  });
});
