import { describe, expect, it } from 'vitest';
import { Address, parsedSettings, settingsText } from './address.js';

describe('settings', () => {
  it('are text in the order of their names, without those at their default', () => {
    expect(settingsText({ y: '0.5', centre: '1 + 2', x: '' })).toBe('centre=1+%2B+2&y=0.5');
    expect(parsedSettings('#centre=1+%2B+2&y=0.5')).toEqual({ centre: '1 + 2', y: '0.5' });
  });
});

describe('Address', () => {
  it('undoes and redoes changes, those of one drag together', () => {
    const address = new Address();
    address.change({ view: 'explain' });
    for (const x of ['0.1', '0.2', '0.3']) address.change({ x }, 'walk');
    expect(address.text.value).toBe('view=explain&x=0.3');
    address.undo();
    expect(address.text.value).toBe('view=explain');
    address.undo();
    expect(address.text.value).toBe('');
    expect(address.canUndo.value).toBe(false);
    address.redo();
    address.redo();
    expect(address.get('x')).toBe('0.3');
    address.undo();
    address.change({ y: '1' });
    expect(address.canRedo.value).toBe(false);
  });

  it('remembers no change that changes nothing', () => {
    const address = new Address();
    address.change({ x: '' });
    expect(address.canUndo.value).toBe(false);
    expect(address.of('x', '0').value).toBe('0');
  });
});
