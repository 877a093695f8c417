/** @file The inputs and outputs of an exported model: pictures are [batch, C, H, W] in the file, whatever tfjs has them as. */
import type { GraphBuilder } from '../onnx/build/build.js';
import type { DataType, Dim } from '../onnx/graph/graph.js';
import { fromTfjs, toTfjs } from './layers/layout.js';
import { LayerOptions, type Layer } from './layers/rule.js';
import type { LayersModel } from './tfjs-model.js';

/** Whether pictures are [C, H, W] in tfjs too, as one layer says. */
export function isChannelsFirst(model: LayersModel): boolean {
  return allLayers(model).some(
    (layer) => new LayerOptions(layer).string('dataFormat', 'channelsLast') === 'channelsFirst',
  );
}

/** All layers of a model, those of nested models and inside wrappers among them. */
function allLayers(model: LayersModel): Layer[] {
  return model.layers.flatMap(withInner);
}

function withInner(layer: Layer): Layer[] {
  if ('inputLayers' in layer) return allLayers(layer as LayersModel);
  return 'layer' in layer ? [layer, ...withInner(layer.layer as Layer)] : [layer];
}

/**
 * Adds an input with a free batch size.
 * @param sizes those behind the batch, as tfjs has them
 * @returns the value as the rules of layers want it
 */
export function portIn(
  b: GraphBuilder,
  name: string,
  sizes: readonly number[],
  { channelsFirst, type = 'float32' }: { channelsFirst: boolean; type?: DataType },
): string {
  const turned = !channelsFirst && sizes.length === 3;
  const dims: Dim[] = ['batch', ...(turned ? ([2, 0, 1].map((axis) => sizes[axis]) as number[]) : sizes)];
  const value = b.input(name, type, dims);
  return channelsFirst ? fromTfjs(b, value) : value;
}

/** Makes a value that rules of layers gave an output. */
export function portOut(b: GraphBuilder, value: string, name: string, channelsFirst: boolean): void {
  b.output(channelsFirst ? toTfjs(b, value) : value, name);
}

/** The name, or with a number after it where it is taken; then it is taken too. */
export function freeName(name: string, taken: Set<string>): string {
  let [free, count] = [name, 1];
  while (taken.has(free)) free = `${name}_${count++}`;
  taken.add(free);
  return free;
}
