/** @file Opset versions that models can be exported as. */
import { InputError } from '../onnx/errors.js';
import type { Model } from '../onnx/graph/graph.js';

export const MIN_OPSET = 13;
export const MAX_OPSET = 21;

/** The oldest IR version that each opset may be used with (the table in ONNX's `helper.py`). */
const irVersions: Readonly<Record<number, number>> = {
  13: 7,
  14: 7,
  15: 8,
  16: 8,
  17: 8,
  18: 8,
  19: 9,
  20: 9,
  21: 10,
};

/**
 * The model under another opset version. Its nodes do not change: for models whose operators are the
 * same from 13 to 21, as in everything that `loweredModel` makes in inference form.
 * @throws InputError for versions outside 13…21
 */
export function atOpset(model: Model, opset: number): Model {
  const irVersion = irVersions[opset];
  if (irVersion === undefined) {
    throw new InputError({ name: 'opset', expected: `an integer of ${MIN_OPSET}…${MAX_OPSET}`, got: opset });
  }
  return { ...model, irVersion, opsets: new Map([...model.opsets, ['', opset]]) };
}
