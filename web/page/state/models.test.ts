import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Engine } from '../engine/calls.js';
import type { Labels, Slot, Source } from '../engine/networks.js';
import { Address } from './address.js';
import { Models } from './models.js';
import { Notices } from './notices.js';

/** What the worker was asked to open, in order. */
let opened: string[];
const textOf = (source: Source) => ('url' in source ? source.url.replace(/^http:\/\/x\//, '') : source.name);

/** An engine of conditional networks with three classes; what has `broken` in its name cannot be read. */
const engine = {
  roleOf: async ({ name }: Source) => (name.startsWith('g') ? 'generator' : 'explainer'),
  async openGenerator(source: Source, chosen: number) {
    if (/broken/.test(textOf(source))) throw new Error(`${source.name}: cannot be read`);
    opened.push(`generator ${textOf(source)}, class ${chosen}`);
    return { width: 8, height: 8, latentDim: 4, device: 'wasm', classes: { names: ['a', 'b', 'c'], chosen } };
  },
  async openExplainer(source: Source, slot: Slot, labels: Labels | undefined, chosen: number) {
    if (/broken/.test(textOf(source))) throw new Error(`${source.name}: cannot be read`);
    if (labels?.text === 'wrong') throw new Error(`${labels.name}: expected 3 names`);
    opened.push(`${slot} ${textOf(source)}, class ${chosen}${labels ? `, ${labels.text}` : ''}`);
    return { width: 8, height: 8, device: 'wasm', kind: 'Classifier', asked: { names: ['a', 'b', 'c'], chosen } };
  },
  close: async () => {},
  useDevice: async () => {},
} as unknown as Engine;

function started() {
  const notices = new Notices();
  return { models: new Models(engine, new Address(), notices), told: () => notices.at('networks').value };
}

const file = (name: string, text = '') => new File([text], name);

beforeEach(() => {
  opened = [];
  vi.stubGlobal('location', { href: 'http://x/' });
  vi.stubGlobal('fetch', async (path: string) =>
    Response.json(
      path === 'api/runs'
        ? [
            { name: 'birds', exported: true },
            { name: 'young', exported: false },
          ]
        : { checkpoints: [] },
    ),
  );
});
afterEach(() => vi.unstubAllGlobals());

describe('names of classes', () => {
  it('are of the network that they were given for, and one that does not fit changes nothing', async () => {
    const { models, told } = started();
    await models.nameClasses(file('names.txt', 'cat'));
    expect(told()).toEqual({ text: 'names.txt: open the network first whose classes it names', isError: true });
    await models.openFiles([file('a.onnx')]);
    await models.nameClasses(file('names.txt', 'cat'));
    await models.nameClasses(file('readme.txt', 'wrong'));
    expect(told()).toEqual({ text: 'readme.txt: expected 3 names', isError: true });
    models.chooseClass(1);
    await models.openFiles([file('b.onnx')]);
    expect(opened).toEqual([
      'main a.onnx, class 0',
      'main a.onnx, class 0, cat',
      'main a.onnx, class 1, cat',
      'main b.onnx, class 1',
    ]);
  });
});

describe('files', () => {
  it('are opened one after the other, also where one cannot be', async () => {
    const { models, told } = started();
    await models.openFiles([file('g.onnx'), file('broken.onnx'), file('d.onnx')]);
    expect(opened).toEqual(['generator g.onnx, class 0', 'main d.onnx, class 0']);
    expect(told()).toEqual({ text: 'broken.onnx: cannot be read', isError: true });
  });

  it('at URLs are files for commands too', async () => {
    const { models } = started();
    await models.openAt({ generator: { name: 'mine.onnx', url: 'http://x/mine.onnx' } });
    expect(models.generator.value).toMatchObject({ name: 'mine.onnx', isOwn: true });
  });
});

describe('another class', () => {
  it('is asked of both networks that are compared', async () => {
    const { models } = started();
    await models.openFiles([file('a.onnx')]);
    await models.openOther({ name: 'b.onnx', url: 'http://x/b.onnx' });
    models.chooseClass(2);
    await models.openFiles([]);
    expect(opened.slice(2)).toEqual(['main a.onnx, class 2', 'other b.onnx, class 2']);
    await models.closeOther();
    models.lose('WebGPU was lost');
    await models.reopen();
    expect(opened.slice(4)).toEqual(['main a.onnx, class 2']);
  });
});

describe('a run without networks', () => {
  it('does not get those of the run before', async () => {
    const { models, told } = started();
    await models.start();
    await expect.poll(() => opened.length).toBe(2);
    models.choose('young');
    await expect.poll(() => told().text).toMatch(/^Run young has no exported networks/);
    models.lose('WebGPU was lost');
    await models.reopen();
    await models.nameClasses(file('names.txt', 'cat'));
    expect(told().text).toMatch(/^names\.txt: open the network first/);
    expect(opened).toHaveLength(2);
    models.choose('');
    await expect.poll(() => opened.length).toBe(4);
    expect([models.generator.value?.name, models.explainer.value?.name]).toEqual([
      'generator.onnx',
      'discriminator.onnx',
    ]);
  });
});
