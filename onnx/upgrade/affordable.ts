/** @file A check for models that are handed to the runtime as they are: that they ask for no more than `limits` allow. */
import { InputError } from '../errors.js';
import type { Model } from '../graph/graph.js';
import { LimitError } from '../graph/limits.js';
import { Types } from '../shapes/types.js';
import { upgradedModel } from './upgrade.js';

/** @throws InputError where a limit is passed; a model that cannot be upgraded is left to the runtime to judge */
export function expectAffordable(model: Model): void {
  try {
    Types.of(upgradedModel(model).graph);
  } catch (error) {
    if (error instanceof LimitError || !(error instanceof InputError)) throw error;
  }
}
