/** @file A model.json of tfjs and the shards beside it: what they hold, without tfjs. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../onnx/errors.js';
import { readSource, urlOf } from '../../onnx/files/files.node.js';
import { isRecord, type JsonRecord } from '../../inference/parse/json.js';
import { withInputSize, withPlainStates, type InputSize } from './input-size.js';
import { checkedTopology, layerClasses, type Topology } from './topology.js';
import { readWeights, type WeightSpec } from './weights-file.node.js';

const MAX_JSON_BYTES = 2 ** 26;
/** Lists and objects in one another: three for each nested model, and what their layers have inside. */
const MAX_JSON_DEPTH = 1000;

/** What a model.json and its shards hold, as tfjs reads it. */
export interface StoredModel {
  /** The file's name, for messages. */
  file: string;
  topology: JsonRecord;
  specs: WeightSpec[];
  data: ArrayBuffer;
}

/**
 * Reads a tfjs layers model.
 * @param source path of a model.json or of the folder that holds one, or a URL of file:, http: or https:
 * @param options size: height and width of picture inputs that the model leaves open
 * @throws InputError for files that are missing, damaged or too large, and for models that cannot be exported
 */
export async function readLayersFile(
  source: string,
  { signal, size }: { signal?: AbortSignal | undefined; size?: InputSize | undefined } = {},
): Promise<StoredModel> {
  const place = await placeOfModel(source);
  const file = String(place);
  const json = parsed(await readSource(place, MAX_JSON_BYTES, signal ? { signal } : {}), file);
  const topology = checkedTopology(json, file);
  const manifest = isRecord(json) ? json['weightsManifest'] : undefined;
  const { specs, data } = await readWeights(manifest, place, signal);
  return {
    file,
    topology: withPlainStates(size ? withInputSize(topology.config, size) : topology.config),
    specs: topology.keras3 ? withKeras2Names(specs, topology) : specs,
    data,
  };
}

/** The model.json that a user means. */
async function placeOfModel(source: string): Promise<string | URL> {
  const url = urlOf(source);
  if (url && url.protocol !== 'file:') return url;
  const path = url ? fileURLToPath(url) : source;
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() ? join(path, 'model.json') : path;
}

function parsed(bytes: Uint8Array, file: string): unknown {
  const json = parsedJson(bytes, file);
  // Everything behind this, tfjs too, goes into it recursively.
  let level = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) {
      throw new InputError({ name: file, expected: `at most ${MAX_JSON_DEPTH} nested lists and objects`, got: 'more' });
    }
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return json;
}

function parsedJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new InputError({ name: file, expected: 'a model.json of tfjs', got: 'a file that is not JSON' });
  }
}

/**
 * The names that tfjs has for weights: layer and kind. Keras 3 writes the models around the layer before it, and calls
 * the kernel of a depthwise convolution just that.
 */
function withKeras2Names(specs: readonly WeightSpec[], { config }: Topology): WeightSpec[] {
  const classes = layerClasses(config);
  return specs.map((spec) => {
    const parts = spec.name.replace(/:\d+$/, '').split('/');
    const kind = parts.at(-1) as string;
    const layer = parts.slice(0, -1).findLast((part) => classes.has(part));
    if (layer === undefined) return spec;
    const isDepthwise = classes.get(layer) === 'DepthwiseConv2D' && kind === 'kernel';
    return { ...spec, name: `${layer}/${isDepthwise ? 'depthwise_kernel' : kind}` };
  });
}
