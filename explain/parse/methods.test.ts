import { methodNames } from '../methods/table.js';
import { describe, expect, test } from 'vitest';
import { parsedMethods } from './methods.js';

describe('parsedMethods(text)', () => {
  test('reads names with commas, each once, and all', () => {
    expect(parsedMethods('gradcam++, gradcam,gradcam++')).toEqual(['gradcam++', 'gradcam']);
    expect(parsedMethods('all')).toBe('all');
  });

  test('refuses others and says what there is', () => {
    expect(() => parsedMethods('grad')).toThrow(
      `method: expected all, or one or more of ${methodNames.join(', ')}; got "grad"`,
    );
    expect(() => parsedMethods('gradcam,toString')).toThrow('got "toString"');
  });
});
