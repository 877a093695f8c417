/** @file Conditional networks in the page: the class that is chosen. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { toyGenerator } from '../../../inference/networks/generator.test.helper.js';
import { modelBytes } from '../../../onnx/index.js';
import { exportCommand, pictureCommand } from '../pad/command.js';
import { closeNetworks, openedGenerator, openExplainer, openGenerator, useDevice } from './networks.js';
import { FIRST } from './recipe.js';

afterAll(() => closeNetworks());

describe('openGenerator(source, label)', () => {
  const source = (classes?: number) => ({
    name: 'toy.onnx',
    bytes: modelBytes(toyGenerator({ latentDim: 4, ...(classes && { classes }) })),
  });

  it('opens a conditional generator with the class that is chosen, the first without one, and tells them all', async () => {
    useDevice('cpu');
    expect((await openGenerator(source(3), 2)).classes).toEqual({ names: ['0', '1', '2'], chosen: 2 });
    const { generator, latents } = openedGenerator();
    const latent = await latents.of(FIRST);
    expect(await generator.pictures(latent)).toEqual(await generator.pictures(latent, { label: 2 }));
    // The principal directions are those of the class.
    expect(await latents.of({ ...FIRST, x: 0.5 })).not.toEqual(latent);
    expect((await openGenerator(source(3), 7)).classes?.chosen).toBe(0);
    expect((await openGenerator(source(), 2)).classes).toBeUndefined();
  });
});

describe('openExplainer(source, slot, labels)', () => {
  it('reads names of classes as gan-gradcam --labels does', async () => {
    const url = fileURLToPath(new URL('../../../../fixtures/golden/squeeze.onnx', import.meta.url));
    const open = (text: string) => openExplainer({ name: 'squeeze.onnx', url }, 'main', { name: 'names.txt', text });
    const names = ['cat', 'dog', 'bird', 'fish', 'horse'];
    expect((await open('1 dog\n0 cat\n2 bird\n4 horse\n3 fish\n')).labels).toEqual(names);
    expect((await open("{0: 'cat', 1: 'dog', 2: 'bird',\n 3: 'fish', 4: 'horse'}")).labels).toEqual(names);
    await expect(open('cat\n\ndog')).rejects.toThrow('names.txt: expected the name of one class per line');
  });
});

describe('pictureCommand(recipe, model)', () => {
  it('names the class', () => {
    const model = { run: 'digits', name: 'generator.onnx', label: 7 };
    expect(pictureCommand(FIRST, model)).toBe(
      'gan-sample --model runs/digits/onnx/generator.onnx --label number:7 --seeds 7 --format png --out point',
    );
    expect(exportCommand(model)).toBe('');
  });
});
