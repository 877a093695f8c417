/** @file Conditional networks in the page: the class that is chosen. */
import { afterAll, describe, expect, it } from 'vitest';
import { toyGenerator } from '../../../inference/networks/generator.test.helper.js';
import { modelBytes } from '../../../onnx/index.js';
import { exportCommand, pictureCommand } from '../pad/command.js';
import { closeNetworks, openedGenerator, openGenerator, useDevice } from './networks.js';
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

describe('pictureCommand(recipe, model)', () => {
  it('names the class', () => {
    const model = { run: 'digits', name: 'generator.onnx', label: 7 };
    expect(pictureCommand(FIRST, model)).toBe(
      'gan-sample --model runs/digits/onnx/generator.onnx --label number:7 --seeds 7 --format png --out point',
    );
    expect(exportCommand(model)).toBe('');
  });
});
