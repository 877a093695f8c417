import { describe, expect, it } from 'vitest';
import type { Engine } from '../engine/calls.js';
import { Notices } from './notices.js';
import { Pictures } from './pictures.js';

describe('Pictures.find(id)', () => {
  it('finds the picture of a point, and none for a text that is no point', () => {
    const pictures = new Pictures({} as Engine, new Notices());
    expect(pictures.find('z:7')?.name).toBe('seed 7');
    expect(pictures.find('z:7~pc:1~pc:2~5~0')).toBeUndefined();
  });
});
