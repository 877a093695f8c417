import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, modelBytes } from '../../onnx/index.js';
import { withRandomWeights } from '../parity.test.helper.js';
import { tfl } from '../tf.js';
import { outputDifferences } from './compare.node.js';
import { layersGraph } from './layers-graph.js';
import { exportLayersFile, isLayersSource } from './export-layers-file.node.js';
import type { JsonRecord } from '../../inference/parse/json.js';
import * as networks from './saved-model.test.helper.js';
import { savedModel, type SavedJson } from './saved-model.test.helper.js';

const { layers } = tfl;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-layers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { mobileNet, uNet, visionTransformer, conditionalGenerator, siamese, sequenceNet, volumeNet } = networks;
const { textReader, wrappedNet } = networks;

/** A small network with a layer in a nested model, whose saved form is then changed. */
function changed(name: string, change: (json: SavedJson) => void): Promise<string> {
  const nested = tfl.sequential({
    name: 'encoder',
    layers: [layers.conv2d({ name: 'first', filters: 2, kernelSize: 3, inputShape: [6, 6, 3] })],
  });
  const input = tfl.input({ shape: [6, 6, 3], name: 'image' });
  const flat = layers.flatten({ name: 'flat' }).apply(nested.apply(input) as typeof input) as typeof input;
  const outputs = layers.dense({ name: 'scores', units: 2 }).apply(flat) as typeof input;
  return savedModel(join(folder, name), withRandomWeights(tfl.model({ inputs: input, outputs, name: 'small' })), {
    change,
  });
}

/** All layers in the saved form, by name. */
function layersIn(model: unknown, found: Record<string, JsonRecord> = {}): Record<string, JsonRecord> {
  const { config } = model as { config: { layers: JsonRecord[] } };
  for (const layer of config.layers) {
    const options = layer['config'] as JsonRecord;
    found[String(options['name'])] = layer;
    if ('layers' in options) layersIn(layer, found);
  }
  return found;
}

const withClass = (layer: string, layerClass: string) => (json: SavedJson) => {
  (layersIn(json.modelTopology)[layer] as JsonRecord)['class_name'] = layerClass;
};
const withOption = (layer: string, option: string, value: unknown) => (json: SavedJson) => {
  ((layersIn(json.modelTopology)[layer] as JsonRecord)['config'] as JsonRecord)[option] = value;
};

describe('exportLayersFile(source)', () => {
  it.each([
    ['a MobileNet', mobileNet, [['photo', 3, 16, 16]], [['classes', 5]]],
    [
      'a U-Net with two outputs',
      uNet,
      [['scan', 3, 8, 8]],
      [
        ['mask', 2, 8, 8],
        ['aux', 6],
      ],
    ],
    ['a transformer', visionTransformer, [['image', 3, 8, 8]], [['scores', 3]]],
    [
      'a conditional generator',
      conditionalGenerator,
      [
        ['latent', 6],
        ['label', 1],
      ],
      [['picture', 3, 8, 8]],
    ],
    [
      'a Siamese network, channels first',
      siamese,
      [
        ['left', 3, 9, 9],
        ['right', 3, 9, 9],
      ],
      [['likeness', 1]],
    ],
  ] as const)('writes %s that computes what tfjs does', async (what, network, inputs, outputs) => {
    const source = await savedModel(join(folder, what), network(), { shards: 3 });
    const exported = await exportLayersFile(source, { foldBatchNorm: false });
    expect(exported.passed).toBe(true);
    for (const { difference } of exported.outputs) expect(difference).toBeLessThan(1e-5);
    const sizes = (ports: typeof exported.inputs) => ports.map(({ name, shape }) => [name, ...shape.slice(1)]);
    expect(sizes(exported.inputs)).toEqual(inputs);
    expect(sizes(exported.outputs)).toEqual(outputs);
    const { graph } = await loadModel(exported.path);
    expect(graph.outputs.map(({ name }) => name)).toEqual(outputs.map(([name]) => name));
  });

  it.each([
    ['sequences', sequenceNet],
    ['volumes', volumeNet],
  ])('writes a network of %s, whose folder is given', async (what, network) => {
    await savedModel(join(folder, what), network());
    const { path, passed, inputs } = await exportLayersFile(join(folder, what), { opset: 13 });
    expect(passed).toBe(true);
    expect(path).toBe(join(folder, what, `${what}.onnx`));
    expect(inputs[0]?.tfjsShape).toBeUndefined();
  });

  it.each([
    ['a model', mobileNet],
    ['models in a model', wrappedNet],
  ])('takes the size of pictures where %s leaves it open', async (what, network) => {
    const source = await savedModel(join(folder, `open size of ${what}`), network([null, null, 3]));
    const size = { height: 12, width: 20 };
    const { passed, inputs } = await exportLayersFile(source, { size });
    expect(passed).toBe(true);
    expect(inputs.map(({ shape }) => shape)).toEqual([['batch', 3, 12, 20]]);
    await expect(exportLayersFile(source)).rejects.toThrow(
      /: expected known sizes behind the batch, or `size` for a picture; got \[open, open, open, 3\]$/,
    );
    const fixed = await savedModel(join(folder, `fixed size of ${what}`), network([16, 16, 3]));
    await expect(exportLayersFile(fixed, { size })).rejects.toThrow(
      /^size: expected a model with a picture input of open height and width; got one whose inputs have their sizes$/,
    );
  });

  it('writes recurrent layers, whatever their initial weights, and refuses them where steps are masked', async () => {
    const orthogonal = (json: SavedJson) => {
      const { config } = layersIn(json.modelTopology)['last'] as { config: JsonRecord };
      config['recurrent_initializer'] = { class_name: 'Orthogonal', config: { gain: 1, seed: null } };
    };
    const source = await savedModel(join(folder, 'reader'), textReader(), { change: orthogonal });
    const exported = await exportLayersFile(source);
    expect(exported.passed).toBe(true);
    for (const { difference } of exported.outputs) expect(difference).toBeLessThan(1e-6);
    const masked = await savedModel(join(folder, 'masked'), textReader(), {
      change: (json) => {
        const { config } = json.modelTopology as { config: { layers: JsonRecord[] } };
        config.layers.splice(4, 0, { class_name: 'Masking', config: { name: 'mask', mask_value: 0 } });
      },
    });
    await expect(exportLayersFile(masked)).rejects.toThrow(
      /^layer "bidirectional.*\/.*": expected no masked steps before a LSTM; got Masking "mask"$/,
    );
  });

  it('stops while tfjs computes, and writes nothing', async () => {
    const filters = 64;
    const first = layers.conv2d({ filters, kernelSize: 7, padding: 'same', inputShape: [128, 128, 3], name: 'slow' });
    const second = layers.conv2d({ filters, kernelSize: 7, padding: 'same' });
    const source = await savedModel(join(folder, 'slow'), tfl.sequential({ layers: [first, second] }));
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 300);
    await expect(exportLayersFile(source, { signal: stop.signal })).rejects.toThrow('stopped');
    expect((await readdir(join(folder, 'slow'))).filter((name) => name.includes('.onnx'))).toEqual([]);
  });

  it('names the file after the folder where that is given as `.`', async () => {
    await savedModel(join(folder, 'here'), sequenceNet());
    const { path } = await exportLayersFile(`${join(folder, 'here')}/.`);
    expect(path).toBe(join(folder, 'here', 'here.onnx'));
  });

  it('reads weights stored as bytes', async () => {
    const { passed } = await exportLayersFile(await savedModel(join(folder, 'bytes'), mobileNet(), { quantize: true }));
    expect(passed).toBe(true);
  });

  it('leaves out augmentation that tfjs has no layers for', async () => {
    const source = await changed('augmented', (json) => {
      const { config } = json.modelTopology as { config: { layers: JsonRecord[] } };
      const encoder = config.layers[1]?.['config'] as { layers: JsonRecord[] };
      const flip = { class_name: 'RandomFlip', config: { name: 'flip', mode: 'horizontal', seed: null } };
      encoder.layers.push(flip);
    });
    const { path, passed } = await exportLayersFile(source);
    expect(passed).toBe(true);
    const { graph } = await loadModel(path);
    expect(graph.nodes.some(({ name }) => name.includes('flip'))).toBe(false);
  });

  it('reads what Keras 3 writes', async () => {
    const source = await changed('keras3', (json) => {
      const keras2 = json.modelTopology as JsonRecord;
      json.modelTopology = { keras_version: '3.4.1', backend: 'tensorflow', model_config: asKeras3(keras2) };
      for (const group of json.weightsManifest) {
        for (const weight of group.weights as { name: string }[]) weight.name = `small/${weight.name}`;
      }
    });
    expect((await exportLayersFile(source)).passed).toBe(true);
  });
});

/** Keras 3's form of a model in Keras 2's: tensors by history, types as objects, one input without a list around it. */
function asKeras3(model: JsonRecord): JsonRecord {
  const options = model['config'] as JsonRecord;
  const inner = (options['layers'] as JsonRecord[]).map((layer) => {
    const own = layer['config'] as JsonRecord;
    const nodes = (layer['inbound_nodes'] as unknown[][][] | undefined)?.map((node) => ({
      args: node.map(([name, index, tensor]) => ({
        class_name: '__keras_tensor__',
        config: { shape: [null], dtype: 'float32', keras_history: [name, index, tensor] },
      })),
      kwargs: {},
    }));
    const { batch_input_shape: shape, ...rest } = own;
    const config =
      'layers' in own ? asKeras3(layer)['config'] : { ...rest, ...(shape !== undefined && { batch_shape: shape }) };
    const typed = {
      ...(config as JsonRecord),
      dtype: { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' } },
    };
    const { class_name: layerClass } = layer;
    const written = 'layers' in own ? config : typed;
    return {
      module: 'keras.layers',
      class_name: layerClass,
      registered_name: null,
      config: written,
      ...(nodes && { inbound_nodes: nodes }),
    };
  });
  const ends = (key: string) => (Array.isArray(options[key]) ? { [key]: (options[key] as unknown[])[0] } : {});
  const config = { ...options, layers: inner, ...ends('input_layers'), ...ends('output_layers') };
  return { module: 'keras', class_name: model['class_name'], registered_name: 'x', config };
}

describe('exportLayersFile(source) from a URL', () => {
  let server: Server;
  let address: string;
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(String(request.url));
      readFile(join(folder, decodeURIComponent(String(request.url))))
        .then((bytes) => response.end(bytes))
        .catch(() => response.writeHead(404).end());
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('fetches the model and the shards beside it', async () => {
    await savedModel(join(folder, 'served'), mobileNet(), { shards: 2 });
    const exported = await exportLayersFile(`${address}/served/model.json`, { out: join(folder, 'fetched') });
    expect([exported.passed, exported.path]).toEqual([true, join(folder, 'fetched', 'mobile.onnx')]);
    expect(asked.filter((url) => url.startsWith('/served/'))).toHaveLength(3);
  });

  it.each(['../secret.bin', 'http://127.0.0.1:9/x.bin', '//127.0.0.1:9/x.bin', '/etc/passwd'])(
    'does not ask for the shard %s',
    async (path) => {
      await changed('outside-url', (json) => ((json.weightsManifest[0] as { paths: string[] }).paths = [path]));
      const before = asked.length;
      await expect(exportLayersFile(`${address}/outside-url/model.json`)).rejects.toThrow("in the model's own folder");
      expect(asked.length).toBe(before + 1);
    },
  );
});

/** Sequential models in one another, as text. */
function deepModel(depth: number, more = ''): string {
  const open = `{${more}"class_name": "Sequential", "config": {"name": "m", "layers": [`;
  return `{"modelTopology": ${open.repeat(depth)}${']}}'.repeat(depth)}}`;
}

/** A layer with an option of lists in one another, as text. */
function deepOption(depth: number): string {
  const layer = `{"class_name": "ReLU", "config": {"name": "r", "x": ${'['.repeat(depth)}${']'.repeat(depth)}}}`;
  return `{"modelTopology": {"class_name": "Sequential", "config": {"name": "m", "layers": [${layer}]}}}`;
}

describe('exportLayersFile(source) refuses', () => {
  it.each([
    [
      'a layer inside a nested model',
      withClass('first', 'ConvLSTM2D'),
      /^layer "encoder\/first": expected one of .*; got ConvLSTM2D$/,
    ],
    [
      'attention, which tfjs cannot load',
      withClass('scores', 'MultiHeadAttention'),
      /^layer "scores": .*; got MultiHeadAttention$/,
    ],
    [
      'code',
      withClass('first', 'Lambda'),
      'layer "encoder/first": expected a layer; code inside a model is never run; got Lambda',
    ],
    [
      'groups, which tfjs passes over',
      withOption('first', 'groups', 3),
      'Conv2D layer "encoder/first": groups: expected 1, as tfjs computes no other; got 3',
    ],
    [
      'an activation that is not in the table',
      withOption('scores', 'activation', 'exponential'),
      /tfjs cannot load it .*exponential/,
    ],
    [
      'a graph model',
      (json: SavedJson) => Object.assign(json, { format: 'graph-model' }),
      /is a graph model of tfjs.*tf2onnx/,
    ],
    [
      'a model without weights',
      (json: SavedJson) => (json.weightsManifest = []),
      /weightsManifest: expected the shards of the weights; got none/,
    ],
    [
      'a shard outside the folder',
      (json: SavedJson) => ((json.weightsManifest[0] as { paths: string[] }).paths = ['../x.bin']),
      /the shard "..\/x.bin" must be a file in the model's own folder/,
    ],
    [
      'a shard that is missing',
      (json: SavedJson) => ((json.weightsManifest[0] as { paths: string[] }).paths = ['x.bin']),
      /x.bin: cannot be read \(ENOENT\)/,
    ],
    [
      'sizes that no file has',
      (json: SavedJson) =>
        ((json.weightsManifest[0] as { weights: object[] }).weights = [
          { name: 'a', shape: [1e9, 1e6], dtype: 'float32' },
        ]),
      /weightsManifest: expected at most 2147483647 bytes; got 4000000000000000/,
    ],
    [
      'a weight of another size',
      (json: SavedJson) =>
        ((json.weightsManifest[0] as { weights: { shape: number[] }[] }).weights[0] as { shape: number[] }).shape.push(
          2,
        ),
      /weightsManifest: expected /,
    ],
    ['a layer larger than its weights', withOption('scores', 'units', 2 ** 40), /tfjs cannot load it/],
  ] as [string, (json: SavedJson) => unknown, RegExp | string][])('%s', async (what, change, message) => {
    const source = await changed(`refused ${what}`, (json) => void change(json));
    const refused = expect(exportLayersFile(source)).rejects;
    await refused.toThrow(message);
    await refused.toHaveProperty('name', 'InputError');
  });

  it('inputs of open size', async () => {
    const open = layers.conv2d({ name: 'open', filters: 2, kernelSize: 1, batchInputShape: [null, null, null, 3] });
    const source = await savedModel(join(folder, 'open'), tfl.sequential({ layers: [open] }));
    await expect(exportLayersFile(source)).rejects.toThrow(
      'input "open_input": expected known sizes behind the batch, or `size` for a picture; got [open, open, open, 3]',
    );
  });

  it('what is not a model of tfjs', async () => {
    await mkdir(join(folder, 'other'), { recursive: true });
    const path = join(folder, 'other', 'model.json');
    for (const [text, message] of [
      ['{', 'got a file that is not JSON'],
      ['[]', 'expected a tfjs layers model'],
      ['{"class_name": "Sequential", "config": {}}', 'it is a Keras model without weights'],
      [deepModel(100, '"module": "keras.layers", '), 'model "m": expected at most 64 nested models'],
      [deepModel(100), 'model "m": expected at most 64 nested models'],
      [deepModel(1e5), `${path}: expected at most 1000 nested lists and objects; got more`],
      [deepOption(1e5), `${path}: expected at most 1000 nested lists and objects; got more`],
      ['{"modelTopology": {"node": []}}', 'is a graph model of tfjs'],
    ] as const) {
      await writeFile(path, text);
      await expect(exportLayersFile(path)).rejects.toThrow(message);
    }
  });
});

describe('outputDifferences(model, graph, bytes)', () => {
  it('finds a file that was made with other weights', async () => {
    const model = mobileNet();
    const graph = layersGraph(model);
    const bytes = modelBytes(graph.model);
    const [same] = await outputDifferences(model, graph, bytes);
    const [other] = await outputDifferences(withRandomWeights(model, 2), graph, bytes);
    expect(same?.difference).toBeLessThan(1e-6);
    expect(other?.difference).toBeGreaterThan(1e-3);
  });

  it('gives an Embedding numbers of its rows, also where their form changes before, or inside a wrapper', async () => {
    const rows = () => layers.embedding({ inputDim: 9, outputDim: 3 });
    const chains = [
      [layers.reshape({ targetShape: [8], inputShape: [4, 2] }), layers.dropout({ rate: 0.5 }), rows()],
      [layers.flatten({ inputShape: [4, 3, 2] }), rows()],
      [layers.timeDistributed({ layer: rows(), inputShape: [4, 2] })],
      [layers.embedding({ inputDim: 9, outputDim: 3, inputShape: [4, 3, 2] })],
    ];
    for (const chain of chains) {
      const model = withRandomWeights(tfl.sequential({ layers: chain }));
      const graph = layersGraph(model);
      expect(graph.inputs).toMatchObject([{ kind: 'index', count: 9 }]);
      const [found] = await outputDifferences(model, graph, modelBytes(graph.model));
      expect(found?.difference).toBeLessThan(1e-6);
      expect(found?.magnitude).toBeGreaterThan(0.1);
    }
  });

  it('gives a Masking layer steps to mask, and tells files apart that mask others', async () => {
    const masked = (maskValue: number) =>
      tfl.sequential({ layers: [layers.masking({ maskValue, inputShape: [5, 4, 3], name: 'mask' })] });
    const graph = layersGraph(masked(-1));
    expect(graph.inputs).toMatchObject([{ kind: 'masked', value: -1 }]);
    const bytes = modelBytes(graph.model);
    const [same] = await outputDifferences(masked(-1), graph, bytes);
    const [other] = await outputDifferences(masked(-2), graph, bytes);
    expect([same?.difference, other?.difference]).toEqual([0, 1]);
  });

  it('runs no model whose values are too large', async () => {
    const large = layers.upSampling2d({ size: [1500, 1500], inputShape: [8, 8, 1], name: 'large' });
    const model = tfl.sequential({ layers: [large, layers.globalAveragePooling2d({})] });
    const graph = layersGraph(model);
    await expect(outputDifferences(model, graph, modelBytes(graph.model))).rejects.toThrow(
      'Resize "large/Resize": expected at most 268435456 elements in a tensor; got 288000000',
    );
  });

  it('says that tfjs cannot run a model', async () => {
    const model = tfl.sequential({ layers: [layers.softmax({ axis: 1, inputShape: [3, 4] })] });
    const graph = layersGraph(model);
    const compared = outputDifferences(model, graph, modelBytes(graph.model));
    await expect(compared).rejects.toThrow(/^tfjs cannot run the model.*Softmax along a non-last dimension/);
  });
});

describe('isLayersSource(source)', () => {
  it.each([
    ['a/model.json', true],
    ['https://example.com/a/model.json?x=1', true],
    [tmpdir(), true],
    ['a/model.onnx', false],
    ['network', false],
    ['https://example.com/model.onnx?x=1', false],
  ])('%s: %s', async (source, expected) => expect(await isLayersSource(source)).toBe(expected));
});
