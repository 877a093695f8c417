/** @file The errors of steps that are too large. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../onnx/errors.js';
import { LimitError } from '../../onnx/graph/limits.js';
import { configWith } from '../settings/presets.js';
import { stepError } from './too-large.js';

describe('stepError(error, config)', () => {
  const config = configWith('space', { imageSize: 64, ngf: 16, ndf: 32, batchSize: 512 });

  it.each([
    "Non-zero status code returned while running ReduceMean node. Name:'v' Status Message: std::bad_alloc",
    'BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1048576',
    'CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc((void**)&p, size);',
    'OOM when allocating tensor with shape[512,64,64,64] and type float',
    'Array buffer allocation failed',
    'Invalid typed array length: 8589934592',
  ])('names settings where the engine says "%s"', (message) => {
    const error = stepError(new RangeError(`${message}\n`), config) as Error;
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toBe(
      'the step is too large: expected smaller `batchSize` (512), `ngf` (16), `ndf` (32) or `imageSize` (64); ' +
        message,
    );
  });

  it('names settings where a tensor is too large for a graph', () => {
    const error = new LimitError({ name: 'Conv "c"', expected: 'at most 8 elements in a tensor', got: 9 });
    expect((stepError(error, config) as Error).message).toMatch(
      /^the step is too large: expected smaller `batchSize` \(512\).*; Conv "c": expected at most 8 elements/,
    );
  });

  it('leaves other errors as they are', () => {
    const bug = new RangeError('Invalid typed array length: NaN');
    const others = [bug, new Error('no such backend'), new InputError('data: out of memory of the user'), 'text'];
    for (const error of others) expect(stepError(error, config)).toBe(error);
  });
});
