/** @file What a model.json of tfjs describes, checked before tfjs builds it, with Keras 3's way of writing turned into Keras 2's. */
import { InputError } from '../../onnx/errors.js';
import { limitOf } from '../../onnx/graph/limits.js';
import { supportedLayers } from '../layers/table.js';
import { fromKeras3, modelClasses, wrapperOptions } from './keras3.js';
import { isRecord, type JsonRecord } from '../../inference/parse/json.js';

/** Options that tfjs ignores silently: the layers that have them, and the values for which ignoring them changes nothing. */
const ignoredOptions: readonly (readonly [layers: RegExp, option: string, harmless: readonly unknown[]])[] = [
  [/^Global/, 'keepdims', [false]],
  [/Conv/, 'groups', [1]],
  [/Transpose$/, 'output_padding', [null]],
  [/Transpose$/, 'dilation_rate', [1]],
  [/Pooling1D$/, 'data_format', ['channels_last', null]],
  [/^ReLU$/, 'negative_slope', [0, null]],
  [/^ReLU$/, 'threshold', [0, null]],
  [/^(Resizing|CenterCrop)$/, 'data_format', ['channels_last', null]],
  [/^Resizing$/, 'pad_to_aspect_ratio', [false]],
  [/^Resizing$/, 'antialias', [false]],
  [/^LayerNormalization$/, 'rms_scaling', [false]],
  [/^(LSTM|GRU|SimpleRNN)$/, 'time_major', [false]],
];

/** What the two layers of a Bidirectional must have in common, as tfjs makes the second from the first. */
const mirroredOptions = ['units', 'activation', 'recurrent_activation', 'use_bias', 'reset_after', 'return_sequences'];

/** A layers model's topology, as tfjs reads it. */
export interface Topology {
  config: JsonRecord;
  /** Whether Keras 3 wrote it. */
  keras3: boolean;
}

/**
 * The topology in a parsed model.json.
 * @throws InputError for graph models, code, and layers that cannot be exported, named with their place
 */
export function checkedTopology(json: unknown, file: string): Topology {
  if (!isRecord(json)) throw notLayers(file, 'a tfjs layers model');
  const stated = json['modelTopology'];
  if (json['format'] === 'graph-model' || (isRecord(stated) && ('node' in stated || 'library' in stated))) {
    throw new InputError(
      `${file}: is a graph model of tfjs, whose layers were compiled away by the converter; expected a layers model. ` +
        `Who has the SavedModel behind it can run \`python -m tf2onnx.convert --saved-model FOLDER --output model.onnx\``,
    );
  }
  if (!isRecord(stated)) {
    const isKeras = typeof json['class_name'] === 'string';
    throw notLayers(
      file,
      isKeras ? 'modelTopology and weightsManifest; it is a Keras model without weights' : 'modelTopology',
    );
  }
  const inner = stated['model_config'] ?? stated;
  if (!isRecord(inner) || (!isRecord(inner['config']) && !Array.isArray(inner['config']))) {
    throw notLayers(file, 'modelTopology with class_name and config');
  }
  const keras3 = typeof stated['keras_version'] === 'string' && stated['keras_version'].startsWith('3');
  const written = keras3 || 'module' in inner || 'registered_name' in inner;
  const config = written ? fromKeras3(inner) : inner;
  const count = { layers: 0 };
  expectLayers(config, [], count);
  expectNoMasks(config);
  return { config, keras3: written };
}

function notLayers(file: string, expected: string): InputError {
  return new InputError({ name: file, expected, got: 'something else' });
}

/** @throws InputError for the first layer that cannot be exported */
function expectLayers(model: JsonRecord, place: readonly string[], count: { layers: number }): void {
  const layers = layersOf(model);
  if (!layers) {
    throw new InputError({ name: `model "${place.join('/')}"`, expected: 'a list of layers', got: 'none' });
  }
  if (place.length > limitOf('depth'))
    throw new InputError(`model "${place[0]}": expected at most ${limitOf('depth')} nested models`);
  for (const layer of layers) {
    if (++count.layers > limitOf('nodes')) throw new InputError(`model: expected at most ${limitOf('nodes')} layers`);
    if (isRecord(layer)) expectLayer(layer, place, count);
  }
}

function expectLayer(layer: JsonRecord, place: readonly string[], count: { layers: number }): void {
  const { class_name: layerClass, config } = layer;
  const options = isRecord(config) ? config : {};
  const path = [...place, String(options['name'] ?? layer['name'] ?? layerClass)];
  const name = `layer "${path.join('/')}"`;
  if (typeof layerClass === 'string' && modelClasses.has(layerClass)) return expectLayers(layer, path, count);
  if (typeof layerClass === 'string' && /Lambda/.test(layerClass)) {
    throw new InputError({ name, expected: 'a layer; code inside a model is never run', got: String(layerClass) });
  }
  if (typeof layerClass !== 'string' || !supportedLayers.includes(layerClass)) {
    throw new InputError({ name, expected: `one of ${supportedLayers.join(', ')}`, got: String(layerClass) });
  }
  for (const [layers, option, harmless] of ignoredOptions) {
    const value = options[option];
    if (value !== undefined && layers.test(layerClass) && ![value].flat().every((each) => harmless.includes(each))) {
      const expected = `${harmless.map(String).join()}, as tfjs computes no other`;
      throw new InputError({ name: `${layerClass} ${name}: ${option}`, expected, got: JSON.stringify(value) });
    }
  }
  if (isCalledInTraining(layer)) {
    throw new InputError({ name: `${layerClass} ${name}`, expected: 'a call after training', got: 'training=True' });
  }
  const inner = wrapperOptions.map((option) => options[option]).filter(isRecord);
  for (const each of inner) expectLayer(each, path, count);
  if (inner.length === 2) expectMirrored(inner as [JsonRecord, JsonRecord], name);
}

/** Whether a use of a layer asks for its training form, which tfjs ignores. */
function isCalledInTraining({ inbound_nodes: nodes }: JsonRecord): boolean {
  const tensors: unknown[] = Array.isArray(nodes) ? nodes.flat() : [];
  return tensors.some((tensor) => Array.isArray(tensor) && isRecord(tensor[3]) && tensor[3]['training'] === true);
}

/** @throws InputError where the backward layer of a Bidirectional is another than the one that tfjs makes */
function expectMirrored([forward, backward]: readonly [JsonRecord, JsonRecord], name: string): void {
  const [own, other] = [forward, backward].map(({ config }) => (isRecord(config) ? config : {})) as [
    JsonRecord,
    JsonRecord,
  ];
  const differing = mirroredOptions.find((option) => JSON.stringify(own[option]) !== JSON.stringify(other[option]));
  const turned = (own['go_backwards'] === true) !== (other['go_backwards'] === true);
  if (forward['class_name'] === backward['class_name'] && differing === undefined && turned) return;
  throw new InputError({
    name: `Bidirectional ${name}: backward_layer`,
    expected: 'the forward layer from the end, as tfjs computes no other',
    got: differing === undefined ? JSON.stringify(backward['class_name']) : `another ${differing}`,
  });
}

/** @throws InputError for a layer that skips masked steps in a model with a layer that masks them: the file would not skip them */
function expectNoMasks(model: JsonRecord): void {
  const layers = allLayersOf(model);
  const masking = layers.find(
    ({ layerClass, options }) =>
      layerClass === 'Masking' ||
      (layerClass === 'Embedding' && (options['mask_zero'] ?? options['maskZero']) === true),
  );
  const skipping = layers.find(({ layerClass }) => skippingClasses.has(layerClass));
  if (!masking || !skipping) return;
  throw new InputError({
    name: `layer "${skipping.path}"`,
    expected: `no masked steps before a ${skipping.layerClass}`,
    got: `${masking.layerClass} "${masking.path}"`,
  });
}

/** Of these, tfjs itself ignores masks for the pooling. */
const skippingClasses = new Set(['GRU', 'LSTM', 'SimpleRNN', 'GlobalAveragePooling1D']);

interface PlacedLayer {
  path: string;
  layerClass: string;
  options: JsonRecord;
}

/** All layers, those of nested models and inside wrappers among them. */
function allLayersOf(model: JsonRecord, place: readonly string[] = []): PlacedLayer[] {
  return (layersOf(model) ?? []).filter(isRecord).flatMap((layer) => placedLayers(layer, place));
}

function placedLayers(layer: JsonRecord, place: readonly string[]): PlacedLayer[] {
  const options = isRecord(layer['config']) ? layer['config'] : {};
  const path = [...place, String(options['name'] ?? layer['name'])];
  const inner = wrapperOptions.map((option) => options[option]).filter(isRecord);
  return [
    { path: path.join('/'), layerClass: String(layer['class_name']), options },
    ...inner.flatMap((each) => placedLayers(each, path)),
    ...allLayersOf(layer, path),
  ];
}

/** The layers of a model: a list in `config`, or `config` itself in old Sequential models. */
function layersOf({ config }: JsonRecord): readonly unknown[] | undefined {
  const layers = isRecord(config) ? config['layers'] : config;
  return Array.isArray(layers) ? layers : undefined;
}

/** Classes of all layers by name, nested ones included. */
export function layerClasses(model: JsonRecord, found = new Map<string, string>()): Map<string, string> {
  for (const layer of layersOf(model) ?? []) {
    if (!isRecord(layer)) continue;
    const options = isRecord(layer['config']) ? layer['config'] : {};
    found.set(String(options['name'] ?? layer['name']), String(layer['class_name']));
    if (modelClasses.has(String(layer['class_name']))) layerClasses(layer, found);
  }
  return found;
}
