import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../onnx/build/build.js';
import type { Model } from '../../onnx/graph/graph.js';
import { Explainer, type ExplainOptions } from './explain.js';
import type { Explanation } from './explanation.js';
import type { Stage } from '../network/sessions.js';
import { classifier, explained, HEIGHT, noisePicture, PREPARATION, SPOT, WIDTH } from '../explained.test.helper.js';
import { brightnessNetwork, peak, relativeError, spotPicture } from '../networks.test.helper.js';

describe('explainer.explain(pictures, options)', () => {
  test('puts the heat where the bright spot is: neither mirrored, transposed nor shifted', async () => {
    for (const { normalized, width, height, reason } of await explained(classifier(), [SPOT])) {
      expect([width, height, normalized.length]).toEqual([WIDTH, HEIGHT, WIDTH * HEIGHT]);
      expect(peak(normalized, WIDTH)).toEqual([31, 5]);
      expect(reason).toBeUndefined();
    }
  });

  test('on larger pictures the heat is at the spot of the view', async () => {
    const explainer = await Explainer.load(classifier(), { device: 'cpu', preparation: PREPARATION });
    const large = spotPicture(30 * WIDTH, 10 * HEIGHT, 400 + 315, 55); // 1200×240: the middle 400×240 are seen
    const [map] = await explainer.explain([large], { layers: 'features_conv', methods: ['gradcam'] });
    await explainer.dispose();
    expect(peak(map!.normalized, WIDTH)).toEqual([31, 5]);
    const view = explainer.view(large, 10 * HEIGHT);
    expect([view.width, view.height]).toEqual([10 * WIDTH, 10 * HEIGHT]);
    expect(
      peak(
        Float32Array.from({ length: view.width * view.height }, (_, i) => view.data[3 * i] ?? 0),
        view.width,
      ),
    ).toEqual([314, 54]);
  });

  describe('the same network gives the same maps by every method', () => {
    const options: ExplainOptions = { methods: 'all', runs: { samples: 2, steps: 2 } };
    const pictures = [noisePicture(1), noisePicture(2), noisePicture(3)];
    /** Its input is bytes: the same numbers times 255. */
    const ofBytes = (): Model => {
      const model = classifier({ layout: 'NHWC', bias: -0.5 });
      const b = new GraphBuilder();
      const bytes = b.input('bytes', 'uint8', ['batch', HEIGHT, WIDTH, 3]);
      b.op('Div', [b.op('Cast', [bytes], { to: 1 }), b.scalar(255)], {}, 'image');
      const { graph } = model;
      for (const [name, tensor] of graph.initializers) b.initializer(name, tensor);
      for (const node of graph.nodes) b.append(node);
      for (const { name } of graph.outputs) b.output(name);
      return { ...model, graph: b.graph };
    };

    test.each([
      ['with channels last', () => classifier({ layout: 'NHWC', bias: -0.5 }), 1],
      ['with a batch of 2', () => classifier({ batch: 2, bias: -0.5 }), 1],
      ['of bytes', ofBytes, 255],
    ] as const)('%s', async (_, other, range) => {
      const expected = await explained(classifier({ bias: -0.5 }), pictures, options);
      const explainer = await Explainer.load(other(), range === 1 ? { preparation: PREPARATION } : {});
      const found = await explainer.explain(pictures, { layers: 'features_conv', ...options });
      await explainer.dispose();
      expect(found.map(({ picture, method }) => [picture, method])).toEqual(
        expected.map(({ picture, method }) => [picture, method]),
      );
      found.forEach(({ normalized, method, picture }, at) => {
        const gap = relativeError(normalized, expected[at]!.normalized);
        expect(gap, `${method}, picture ${picture}`).toBeLessThan(1e-4);
      });
    });
  });

  test('explains the best classes, each with its score', async () => {
    const model = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1, 3, 2] });
    const maps = await explained(model, [SPOT, noisePicture(1)], { methods: ['gradcam'], targets: [{ top: 2 }, 0] });
    expect(maps.map(({ picture, target }) => [picture, target])).toEqual([
      [0, 1],
      [0, 2],
      [1, 0],
    ]);
    expect(maps[0]!.score / maps[1]!.score).toBeCloseTo(1.5, 5);
  });

  test('a difference of classes has the difference of their maps', async () => {
    const options = { methods: ['gradcam'], targets: { class: 'b', minus: 2 } } as const;
    const model = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1, 3, 2] });
    const explainer = await Explainer.load(model, { preparation: PREPARATION, labels: ['a', 'b', 'c'] });
    const layers = 'features_conv';
    const [difference] = await explainer.explain([SPOT], { layers, ...options });
    const [first, second] = await explainer.explain([SPOT, SPOT], { layers, methods: ['gradcam'], targets: [1, 2] });
    await explainer.dispose();
    const expected = first!.signed.map((value, at) => value - second!.signed[at]!);
    expect(relativeError(difference!.signed, expected)).toBeLessThan(1e-5);
    expect(difference!.label).toBe('class 1 (b) − class 2 (c)');
  });

  test('Finer-CAM compares one class with others: it refuses a difference, and all methods leave it out there', async () => {
    const model = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1, 3, 2] });
    const targets = { several: [0, { class: 1, minus: 2 }] } as const;
    await expect(explained(model, [SPOT], { methods: ['finercam'], targets })).rejects.toThrow(
      'target: expected one class for finercam, which compares it with similar ones; got class 1 − class 2',
    );
    const options: ExplainOptions = { methods: 'all', runs: { samples: 2, steps: 2, forwards: 8 } };
    const found = async (choice: ExplainOptions['targets']) =>
      (await explained(model, [SPOT], { ...options, ...(choice !== undefined && { targets: choice }) })).map(
        ({ method }) => method,
      );
    const all = await found(1);
    expect(all).toContain('finercam');
    const fewer = all.filter((method) => method !== 'finercam');
    expect(await found({ class: 1, minus: 2 })).toEqual(fewer);
    // Beside another picture, or target of the picture, each is explained by what suits it.
    expect(await found({ several: [{ class: 1, minus: 2 }, 1] })).toEqual([...fewer, ...all]);
    const two = await explained(model, [SPOT, SPOT], { ...options, targets: [{ class: 1, minus: 2 }, 1] });
    expect(two.map(({ picture, method }) => [picture, method])).toEqual([
      ...fewer.map((method) => [0, method]),
      ...all.map((method) => [1, method]),
    ]);
  });

  test('Grad-CAM of the mean of one channel is that channel times its weight over H·W', async () => {
    const [map] = await explained(classifier(), [SPOT], { methods: ['gradcam'], targets: 0 });
    // Behind the convolution comes a relu, whose gradient is 1 where the picture is not black: at 5×5 positions.
    const share = 25 / (WIDTH * HEIGHT) ** 2;
    expect(map!.raw[5 * WIDTH + 31]).toBeCloseTo(share, 9);
    expect(map!.score).toBeCloseTo(9 / (WIDTH * HEIGHT), 6);
  });

  test('integrated gradients add up to what the score is more than that of a black picture', async () => {
    const model = classifier({ bias: -0.2 });
    const black = { ...SPOT, data: new Uint8Array(SPOT.data.length) };
    const options = { methods: ['integrated-gradients'], targets: 0, runs: { steps: 100 } } as const;
    const [map, ofBlack] = await explained(model, [noisePicture(2), black], options);
    const total = map!.signed.reduce((sum, value) => sum + value, 0);
    expect(total / (map!.score - ofBlack!.score)).toBeCloseTo(1, 2);
  });

  test('explains the top class unless another is asked for, and says which it was', async () => {
    const [top] = await explained(classifier(), [SPOT]);
    expect(top!.target).toBe(0);
    expect(top!.probability).toBeCloseTo(1 / (1 + Math.exp(-2 * top!.score)), 6);
    const [asked] = await explained(classifier(), [SPOT], { targets: 0 });
    expect(asked!.signed).toEqual(top!.signed);
    const [other] = await explained(classifier(), [SPOT], { targets: 1 });
    expect(other!.score).toBeCloseTo(-top!.score, 6);
  });

  test('real and fake are the logit and its negative; D(x) is the same for both', async () => {
    const model = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [2] });
    const maps = await explained(model, [SPOT, SPOT], { methods: ['gradcam'], targets: ['real', 'fake'] });
    const [real, fake] = maps as [Explanation, Explanation];
    expect(fake.score).toBe(-real.score);
    expect(
      relativeError(
        fake.signed.map((value) => -value),
        real.signed,
      ),
    ).toBe(0);
    expect(fake.probability).toBe(real.probability);
    expect(real.probability).toBeCloseTo(1 / (1 + Math.exp(-real.score)), 6);
  });

  test.each(['batch', 1, 4] as const)('pictures do not influence each other, batch size %s', async (batch) => {
    const pictures = Array.from({ length: 10 }, (_, i) => noisePicture(i));
    const model = classifier({ batch, bias: -0.5 });
    const targets = pictures.map((_, i) => i % 2);
    const together = await explained(model, pictures, { targets });
    expect(together.map(({ picture, method }) => [picture, method])).toEqual(
      pictures.flatMap((_, i) => [
        [i, 'gradcam'],
        [i, 'gradcam++'],
      ]),
    );
    for (const i of [0, 9]) {
      const alone = await explained(model, [pictures[i]!], { targets: targets[i]! });
      for (const [at, map] of alone.entries()) {
        const other = together[2 * i + at]!;
        expect(relativeError(other.signed, map.signed)).toBeLessThan(1e-6);
        expect(other.score).toBeCloseTo(map.score, 6);
        expect(other.target).toBe(map.target);
      }
    }
  });

  test('one explainer serves other layers, methods and targets in turn', async () => {
    const explainer = await Explainer.load(classifier(), { device: 'cpu', preparation: PREPARATION });
    const first = await explainer.explain([SPOT], { layers: 'features_conv', targets: 0 });
    await explainer.explain([SPOT], { layers: 'all-convs', methods: ['gradcam'] });
    const again = await explainer.explain([SPOT], { layers: 'features_conv', targets: 0 });
    await explainer.dispose();
    expect(again).toEqual(first);
  });

  test('runs again only what another target, method or picture changes', async () => {
    const explainer = await Explainer.load(classifier(), { device: 'cpu', preparation: PREPARATION });
    const counts = async (options: ExplainOptions, picture = SPOT) => {
      const before = { ...explainer.runs };
      await explainer.explain([picture], { layers: 'features_conv', methods: ['gradcam'], targets: 0, ...options });
      const changed = Object.entries(explainer.runs).map(([stage, runs]) => [stage, runs - before[stage as Stage]]);
      return Object.fromEntries(changed.filter(([, runs]) => runs !== 0));
    };
    expect(await counts({})).toEqual({ whole: 1 });
    expect(await counts({ methods: ['layercam'] })).toEqual({ forward: 1, backward: 1, maps: 1 });
    expect(await counts({})).toEqual({ maps: 1 });
    expect(await counts({ targets: 1 })).toEqual({ backward: 1, maps: 1 });
    expect(await counts({ methods: ['eigencam'] })).toEqual({ maps: 1 });
    expect(await counts({}, noisePicture(1))).toEqual({ whole: 1 });
    expect(await counts({ methods: ['eigencam'] }, noisePicture(2))).toEqual({ forward: 1, maps: 1 });
    expect(await counts({ methods: ['random'] }, noisePicture(3))).toEqual({ forward: 1 });
    expect(await counts({ targets: { top: 2 } }, noisePicture(4))).toEqual({ forward: 1, backward: 2, maps: 2 });
    expect(await counts({})).toEqual({ maps: 1 });
    await explainer.dispose();
  });

  test.each([
    ['a class', classifier({ bias: -0.3 }), { targets: 1 }],
    ['the top class', classifier({ bias: -0.3 }), {}],
    ['a difference of classes', classifier({ bias: -0.3 }), { targets: { class: 1, minus: 0 } }],
    ['a discriminator', brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [2], bias: -0.3 }), {}],
    ['channels last', classifier({ layout: 'NHWC', bias: -0.3 }), {}],
    ['a batch of 4', classifier({ batch: 4, bias: -0.3 }), {}],
  ] as const)('one graph and stages give the same maps: %s', async (_name, model, chosen) => {
    const explainer = await Explainer.load(model, { device: 'cpu', preparation: PREPARATION });
    const pictures = [SPOT, noisePicture(3), noisePicture(4)];
    const methods = ['gradcam', 'gradcam++', 'eigengradcam', 'layercam'] as const;
    const options: ExplainOptions = { layers: ['features_conv', 'unused_conv'], methods, ...chosen };
    const whole = await explainer.explain(pictures, options);
    expect(explainer.runs).toMatchObject({ whole: 1, forward: 0 });
    const staged = await explainer.explain(pictures, options);
    expect(explainer.runs).toMatchObject({ whole: 1, forward: 1 });
    await explainer.dispose();
    for (const [at, { signed, normalized, largestGradient = 0, ...rest }] of staged.entries()) {
      const { signed: ofWhole, normalized: shown, largestGradient: largest = 0, ...others } = whole[at]!;
      expect(relativeError(ofWhole, signed), `${rest.method}, picture ${rest.picture}`).toBeLessThan(1e-6);
      expect(relativeError(shown, normalized)).toBeLessThan(1e-6);
      expect(largest).toBeCloseTo(largestGradient, 6);
      const numbers = { score: expect.closeTo(rest.score, 6), raw: expect.anything() };
      const probability = rest.probability === undefined ? {} : { probability: expect.closeTo(rest.probability, 6) };
      expect(others).toEqual({ ...rest, ...numbers, ...probability });
    }
  });

  test('refuses what does not fit', async () => {
    await expect(explained(classifier(), [])).rejects.toThrow(
      'pictures: expected at least one of 3×24×40 numbers; got 0',
    );
    const labels = ['one'];
    await expect(Explainer.load(classifier(), { labels })).rejects.toThrow(
      'labels: expected 2 names, one per class; got 1',
    );
    await expect(explained(classifier(), [SPOT], { runs: { samples: 0 } })).rejects.toThrow(
      'samples: expected an integer',
    );
    await expect(explained(classifier(), [SPOT], { targets: 2 })).rejects.toThrow(
      'target: expected a class of 0…1; got 2',
    );
    await expect(explained(classifier(), [SPOT, SPOT], { targets: [0, 1, 0] })).rejects.toThrow('expected one target');
    await expect(explained(classifier(), [SPOT], { layers: 'nope' })).rejects.toThrow('got "nope"');
    await expect(explained(classifier(), [SPOT], { methods: [] })).rejects.toThrow(
      'method: expected all, or one or more of',
    );
  });
});

describe('Explainer.load(source, options)', () => {
  test('random weights give another map for another seed, the same for the same', async () => {
    const map = async (randomWeights: number) => {
      const explainer = await Explainer.load(classifier(), { device: 'cpu', randomWeights });
      const [made] = await explainer.explain([noisePicture(3)], {
        layers: 'features_conv',
        methods: ['gradcam'],
        targets: 0,
      });
      await explainer.dispose();
      return made!.signed;
    };
    expect(await map(1)).toEqual(await map(1));
    expect(relativeError(await map(2), await map(1))).toBeGreaterThan(0.01);
  });

  test('refuses a missing file and one that is no model', async () => {
    await expect(Explainer.load('/nowhere/model.onnx')).rejects.toThrow('/nowhere/model.onnx: cannot be read');
    await expect(Explainer.load(import.meta.filename)).rejects.toThrow('expected an ONNX model');
  });
});
