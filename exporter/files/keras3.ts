/** @file Keras 3's way of writing a model, turned into Keras 2's, which is the one that tfjs reads. */
import { InputError } from '../../onnx/errors.js';
import { isRecord, type JsonRecord } from '../../inference/parse/json.js';

/** Layers that are models themselves. */
export const modelClasses: ReadonlySet<string> = new Set(['Functional', 'Model', 'Sequential']);

/** Options of wrappers that hold a layer. */
export const wrapperOptions: readonly string[] = ['layer', 'backward_layer'];

/** Names that only Keras 3 has for activations of tfjs. */
const activationNames: Readonly<Record<string, string>> = { silu: 'swish', log_softmax: 'logSoftmax' };

/** A model, and the models inside it, as Keras 2 writes them. @throws InputError naming a layer that cannot be written so */
export function fromKeras3(model: JsonRecord): JsonRecord {
  const config = isRecord(model['config']) ? { ...model['config'] } : {};
  const layers = Array.isArray(config['layers']) ? config['layers'] : [];
  config['layers'] = layers.filter(isRecord).map(layerFromKeras3);
  for (const ends of ['input_layers', 'output_layers']) {
    const value = config[ends];
    // One input is written as [name, 0, 0], without the list around it.
    if (Array.isArray(value) && typeof value[0] === 'string') config[ends] = [value];
  }
  return { class_name: model['class_name'], config };
}

function layerFromKeras3(layer: JsonRecord): JsonRecord {
  const layerClass = String(layer['class_name']);
  const options = isRecord(layer['config']) ? layer['config'] : {};
  const name = String(layer['name'] ?? options['name']);
  const config = modelClasses.has(layerClass)
    ? fromKeras3(layer)['config']
    : optionsFromKeras3(options, layerClass, name);
  const nodes = layer['inbound_nodes'];
  return {
    class_name: layerClass,
    name,
    config,
    ...(Array.isArray(nodes) && { inbound_nodes: nodes.map((node) => nodeFromKeras3(node, name)) }),
  };
}

function optionsFromKeras3(options: JsonRecord, layerClass: string, name: string): JsonRecord {
  const written = Object.entries(options).map(([key, value]): [string, unknown] => {
    if (key === 'batch_shape') return ['batch_input_shape', value];
    if (key === 'negative_slope' && layerClass === 'LeakyReLU') return ['alpha', value];
    if (key === 'dtype' && isRecord(value)) return [key, 'float32'];
    if (wrapperOptions.includes(key) && isRecord(value)) return [key, layerFromKeras3(value)];
    if (/(^|_)activation$/.test(key))
      return [key, activationFromKeras3(value, `${layerClass} layer "${name}": ${key}`)];
    return [key, value];
  });
  return Object.fromEntries(written);
}

/** @param option the layer's and its own name */
function activationFromKeras3(value: unknown, option: string): unknown {
  const name = isRecord(value) ? (value['config'] ?? value['class_name']) : value;
  // Keras 3 has relu6(x + 3)/6 under the name that is 0.2·x + 0.5 in Keras 2 and tfjs.
  if (name === 'hard_sigmoid') {
    throw new InputError({
      name: option,
      expected: 'one that means the same in tfjs',
      got: '"hard_sigmoid" of Keras 3',
    });
  }
  if (name !== undefined && name !== null && typeof name !== 'string') {
    throw new InputError({ name: option, expected: 'a name', got: JSON.stringify(name) });
  }
  return (typeof name === 'string' && activationNames[name]) || name;
}

/** { args: [tensors], kwargs } → [[layer, node, tensor, { training }], …] */
function nodeFromKeras3(node: unknown, layer: string): unknown {
  if (!isRecord(node)) return node;
  const found: unknown[] = [];
  const tensorsIn = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(tensorsIn);
    if (!isRecord(value)) return;
    const config = value['config'];
    if (value['class_name'] === '__keras_tensor__' && isRecord(config)) found.push(config['keras_history']);
  };
  tensorsIn(node['args']);
  const positional = found.length;
  const named = isRecord(node['kwargs']) ? node['kwargs'] : {};
  tensorsIn(Object.values(named));
  if (found.length > positional) {
    throw new InputError({ name: `layer "${layer}"`, expected: 'its inputs by position', got: 'inputs by name' });
  }
  const { training } = named;
  return found.map((history) => [
    ...(Array.isArray(history) ? history : []),
    { ...(training !== undefined && { training }) },
  ]);
}
