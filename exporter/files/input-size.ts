/** @file Changes to the topology of a layers model before tfjs builds it. */
import { InputError } from '../../onnx/errors.js';
import { isRecord, type JsonRecord } from '../../inference/parse/json.js';
import { modelClasses } from './keras3.js';

/** Height and width of pictures. */
export interface InputSize {
  height: number;
  width: number;
}

const SHAPE = 'batch_input_shape';

/**
 * The model with a size for each picture input whose height and width are open. Inputs of nested models that are not its own
 * inputs get their sizes from the layers before them.
 * @throws InputError if no input is open, so that the size would change nothing
 */
export function withInputSize(model: JsonRecord, size: InputSize): JsonRecord {
  const made = sized(model, size);
  if (made !== model) return made;
  throw new InputError({
    name: 'size',
    expected: 'a model with a picture input of open height and width',
    got: 'one whose inputs have their sizes',
  });
}

/** The model itself where nothing is open. */
function sized(model: JsonRecord, size: InputSize): JsonRecord {
  const { config } = model;
  const layers = isRecord(config) ? config['layers'] : config;
  if (!Array.isArray(layers)) return model;
  // The first layer of a Sequential model is its input.
  const isSequential = model['class_name'] === 'Sequential';
  const changed = layers.map((layer: unknown, index) => {
    if (!isRecord(layer) || (isSequential && index > 0)) return layer;
    if (modelClasses.has(String(layer['class_name']))) return isSequential ? sized(layer, size) : layer;
    return withShape(layer, size);
  });
  if (changed.every((layer, index) => layer === layers[index])) return model;
  return sizedConfig(model, size, isRecord(config) ? { ...config, layers: changed } : changed);
}

/** Sequential models of Keras state the shape beside their layers, too. */
function sizedConfig(model: JsonRecord, size: InputSize, config: JsonRecord | unknown[]): JsonRecord {
  if (!isRecord(config)) return { ...model, config };
  const stated = config['build_input_shape'];
  const shape = Array.isArray(stated) ? filled(stated, size) : undefined;
  return { ...model, config: { ...config, ...(shape && { build_input_shape: shape }) } };
}

function withShape(layer: JsonRecord, size: InputSize): JsonRecord {
  const { config } = layer;
  const shape = isRecord(config) && Array.isArray(config[SHAPE]) ? filled(config[SHAPE], size) : undefined;
  return isRecord(config) && shape ? { ...layer, config: { ...config, [SHAPE]: shape } } : layer;
}

/** The shape of a picture whose height and width are open, with these; undefined for others. */
function filled(shape: readonly unknown[], { height, width }: InputSize): unknown[] | undefined {
  const open = shape.flatMap((each, axis) => (axis > 0 && each === null ? [axis] : []));
  const [first, second] = open;
  if (shape.length !== 4 || open.length !== 2 || first === undefined || second === undefined) return undefined;
  return shape.with(first, height).with(second, width);
}

/**
 * The model with zeros as the initial weights of recurrent layers: orthogonal ones, their default, need a decomposition that
 * takes long, and the weights of the file replace them.
 */
export function withPlainStates<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withPlainStates) as T;
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    key === 'recurrent_initializer' ? { class_name: 'Zeros', config: {} } : withPlainStates(each),
  ]);
  return Object.fromEntries(entries) as T;
}
