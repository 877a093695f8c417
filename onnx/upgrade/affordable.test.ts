/** @file Small files that ask for far too much are read or refused with one line; a hang or a crash fails the run. */
import { describe, expect, it } from 'vitest';
import { hostileModels } from '../../fixtures/hostile-models/table.js';
import { InputError } from '../errors.js';
import { modelFromBytes } from '../files/read.js';
import { expectAffordable } from './affordable.js';
import { upgradedModel } from './upgrade.js';

/** What passes all checks: these are unusual, but small. */
const harmless = new Set([
  'doubling Mul of an open size',
  'functions with long names',
  'a quadratic label',
  'a batch of 0',
  'classes by the hundred million',
  '9,000 identities before the output',
]);

function refusal(bytes: Uint8Array): string | undefined {
  try {
    expectAffordable(upgradedModel(modelFromBytes(bytes, 'hostile.onnx')));
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

describe('reading, upgrading and shape inference', () => {
  it.each(Object.entries(hostileModels))('survive %s', (name, make) => {
    const message = refusal(make());
    if (harmless.has(name)) expect(message).toBeUndefined();
    else expect(message).toMatch(/^[^\n]{10,2500}$/);
  });

  it('say which limit was passed', () => {
    expect(refusal(hostileModels['ConstantOfShape of 1e9']!())).toBe(
      'ConstantOfShape "big": expected at most 268435456 elements in a tensor; got 1000000000',
    );
    expect(refusal(hostileModels['5,000,000 empty nodes']!())).toBe(
      'hostile.onnx: expected at most 50000 nodes; got 50001',
    );
  });
});
