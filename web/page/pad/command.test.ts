import { describe, expect, it } from 'vitest';
import { FIRST } from '../engine/recipe.js';
import { exportCommand, foundModel, pictureCommand } from './command.js';

describe('foundModel(model, runs)', () => {
  const runs = [{ name: 'birds', elsewhere: true as const }, { name: 'fish' }];
  const exported = '--model generator.onnx ';
  it.each([
    ['a run of runs/', { run: 'fish', name: 'generator.onnx' }, runs, '--model runs/fish/onnx/generator.onnx '],
    ['a run elsewhere', { run: 'birds', name: 'generator.onnx' }, runs, exported],
    ['its checkpoint', { run: 'birds', name: 'generator of step-5', checkpoint: 'step-5' }, runs, exported],
    ["the page's own where there are runs", { run: '', name: 'generator.onnx' }, runs, exported],
    ["the page's own where there are none", { run: '', name: 'generator.onnx' }, [], ''],
    ['a file', { run: '', name: 'mine.onnx', isOwn: true }, [], '--model mine.onnx '],
    ['a file while a run is shown', { run: 'birds', name: 'mine.onnx', isOwn: true }, runs, '--model mine.onnx '],
  ])('names %s so that gan-sample finds it', (_, model, all, words) => {
    const found = foundModel(model, all);
    expect(pictureCommand(FIRST, found)).toBe(`gan-sample ${words}--seeds 7 --format png --out point`);
    expect(exportCommand(found)).toBe('');
  });
});
