/** @file A check before a model runs: that it asks for no more than `limits` allow, once its open sizes are numbers. */
import { InputError } from '../errors.js';
import { OPSET, type Model, type ValueInfo } from '../graph/graph.js';
import { LimitError } from '../graph/limits.js';
import { Types } from '../shapes/types.js';
import { upgradedModel } from './upgrade.js';

/**
 * Checks what the smallest run computes, in which every open size of the inputs is 1.
 * @throws LimitError where a limit is passed; what else is wrong with a model is left to others to judge
 */
export function expectAffordable(model: Model): void {
  try {
    const { graph } = model.opsets.get('') === OPSET ? model : upgradedModel(model);
    Types.of({ ...graph, inputs: graph.inputs.map(smallest), valueInfo: new Map() });
  } catch (error) {
    if (error instanceof LimitError || !(error instanceof InputError)) throw error;
  }
}

function smallest(info: ValueInfo): ValueInfo {
  const shape = info.value?.shape?.map((dim) => (typeof dim === 'number' ? dim : 1));
  return info.value && shape ? { ...info, value: { ...info.value, shape } } : info;
}
