import { describe, expect, it } from 'vitest';
import { checkWords } from './words.js';

const kinds = {
  known: ['seed', 'flip', 'resume', 'input', 'save-latents'],
  boolean: ['flip'],
  array: ['input'],
  mayBeEmpty: ['resume'],
};
const check = (...words: string[]) => checkWords(words, kinds);

describe('checkWords(words, kinds)', () => {
  it.each([
    [['--seed', '1', '--seed', '2'], '--seed: expected once; got it twice'],
    [['--seed=1', '--seed=2'], '--seed: expected once; got it twice'],
    [['--flip', '--no-flip'], '--flip: expected once; got it twice'],
    [['--saveLatents', 'a', '--save-latents', 'b'], '--save-latents: expected once; got it twice'],
    [['--seed'], '--seed: expected a value; got nothing'],
    [['--seed', '--flip'], '--seed: expected a value; got nothing'],
    [['--seed='], '--seed: expected a value; got nothing'],
  ])('refuses %j', (words, message) => expect(() => check(...words)).toThrow(message));

  it.each([
    [['--seed', '-1', '--flip', 'picture.png']],
    [['--resume']],
    [['--input', 'a=1', '--input', 'b=2']],
    [['--unknown', '--unknown']],
    [['--seed', '1', '--', '--seed']],
  ])('lets %j pass', (words) => expect(() => check(...words)).not.toThrow());
});
