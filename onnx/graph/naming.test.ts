import { describe, expect, it } from 'vitest';
import { InputError } from '../errors.js';
import { namingFile } from './naming.js';

const failing = (error: Error) => () => {
  throw error;
};

describe('namingFile(file, work)', () => {
  it('names the file where the model or a node is wrong', async () => {
    const model = new InputError({ name: 'model', expected: 'pictures', got: 'a batch of 0' });
    expect(() => namingFile('a.onnx', failing(model))).toThrow(/^a\.onnx: expected pictures; got a batch of 0$/);
    await expect(namingFile('a.onnx', () => Promise.reject(model))).rejects.toThrow(/^a\.onnx: expected pictures/);
    expect(() => namingFile('a.onnx', failing(new InputError('Add "x": no')))).toThrow(/^a\.onnx: Add "x": no$/);
  });

  it('keeps what is about other parameters, names the file already, or is a bug', () => {
    const kept = [
      new InputError({ name: 'size', expected: '8x8', got: '9x9' }),
      new InputError({ name: 'model', expected: 'a model file', got: 'a.onnx' }),
      new InputError({ name: 'model', conflictsWith: 'run' }),
      new TypeError('a bug'),
    ];
    for (const error of kept) expect(() => namingFile('a.onnx', failing(error))).toThrow(error);
  });
});
