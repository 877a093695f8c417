/** @file Which classes names mean. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../onnx/errors.js';
import type { Dataset } from './dataset.js';
import { withClasses, withoutEmptyClasses } from './classes.js';

/** A set of pictures of these classes. */
function setOf(classes: readonly string[], numbers: readonly number[]): Dataset {
  const labels = { classes, indices: Uint16Array.from(numbers) };
  const picture = { width: 1, height: 1, channels: 1, data: new Uint8Array(1) } as const;
  return { name: 'letters', length: numbers.length, labels, skipped: [], picture: () => Promise.resolve(picture) };
}

/** The classes that are taken of a set with a picture of each. */
const taken = (classes: readonly string[], wanted: readonly string[]): readonly string[] | undefined =>
  withClasses(setOf(classes, [...classes.keys()]), wanted).labels?.classes;

describe('withClasses(dataset, wanted)', () => {
  const letters = ['A', 'B', 'a', 'b'];
  const grebes = ['023.Eared_Grebe', '024.grebe', '025.Grebe'];

  it.each<[readonly string[], readonly string[], readonly string[]]>([
    [letters, ['a'], ['a']],
    [letters, ['A', 'a'], ['A', 'a']],
    [['A', 'b'], ['a'], ['A']],
    [grebes, ['eared_grebe'], ['023.Eared_Grebe']],
    [grebes, ['grebe'], ['024.grebe']],
    [grebes, ['Grebe', '23'], ['023.Eared_Grebe', '025.Grebe']],
  ])('of %j with %j takes %j', (classes, wanted, expected) => {
    expect(taken(classes, wanted)).toEqual(expected);
  });

  it.each([
    [['001.cat', '002.cat', '003.dog'], 'cat', 'it may be 001.cat or 002.cat; got "cat"'],
    [['Ab', 'aB'], 'ab', 'it may be Ab or aB; got "ab"'],
    [['1.cat', '01.dog'], '1', 'it may be 1.cat or 01.dog; got "1"'],
    [['cat', 'dog'], '1', 'expected names of the 2 classes, such as cat; got "1"'],
    [['001.cat'], 'cart', 'names or numbers of the 1 classes, such as 001.cat; got "cart"'],
  ])('of %j refuses %s, naming the candidates', (classes, wanted, message) => {
    expect(() => taken(classes, [wanted])).toThrow(InputError);
    expect(() => taken(classes, [wanted])).toThrow(message);
  });
});

describe('withoutEmptyClasses(dataset)', () => {
  it('leaves out classes without a picture, and counts them', () => {
    const { labels, emptyClasses } = withoutEmptyClasses(setOf(['a', 'b', 'c', 'd'], [3, 1, 3]));
    expect([labels?.classes, [...(labels?.indices ?? [])], emptyClasses]).toEqual([['b', 'd'], [1, 0, 1], 2]);
    const full = setOf(['a', 'b'], [1, 0]);
    expect(withoutEmptyClasses(full)).toBe(full);
  });
});
