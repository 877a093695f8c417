/** @file Checks before a run that a model with its open sizes filled in stays within `limits`. */
import { InputError } from '../errors.js';
import { OPSET, type Model, type ValueInfo } from '../graph/graph.js';
import { LimitError } from '../graph/limits.js';
import { Types } from '../shapes/types.js';
import { upgradedModel } from './upgrade.js';

/**
 * Checks the smallest run.
 * @param open what every open size of the inputs is set to
 * @throws LimitError if a limit is exceeded; other faults of a model are not checked
 */
export function expectAffordable(model: Model, open = 1): void {
  try {
    const { graph } = model.opsets.get('') === OPSET ? model : upgradedModel(model);
    Types.of({ ...graph, inputs: graph.inputs.map((info) => filled(info, open)), valueInfo: new Map() });
  } catch (error) {
    if (error instanceof LimitError || !(error instanceof InputError)) throw error;
  }
}

function filled(info: ValueInfo, open: number): ValueInfo {
  const shape = info.value?.shape?.map((dim) => (typeof dim === 'number' ? dim : open));
  return info.value && shape ? { ...info, value: { ...info.value, shape } } : info;
}
