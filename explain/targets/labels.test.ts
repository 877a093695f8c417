import { describe, expect, test } from 'vitest';
import { classOfLabel, labelsOfMetadata, parsedLabels } from './labels.js';

describe('parsedLabels(text, source)', () => {
  test.each([
    ['cat\r\ndog\n'],
    ['["cat", "dog"]'],
    ['{"1": "dog", "0": "cat"}'],
    ['{"0": ["n01", "cat"], "1": ["n02", "dog"]}'],
    ['{0: \'cat\', 1: "dog"}'],
  ])('reads %j', (text) => {
    expect(parsedLabels(text, 'labels.txt')).toEqual(['cat', 'dog']);
  });

  test('keeps quotes inside names', () => {
    expect(parsedLabels("{0: \"lady's slipper\", 1: 'it\\'s'}", 'x')).toEqual(["lady's slipper", "it's"]);
  });

  test.each(['', 'cat\n\ndog', '{"0": "cat", "2": "dog"}', '{"0": 1}', '[1, 2]', '{'])('refuses %j', (text) => {
    expect(() => parsedLabels(text, 'labels.txt')).toThrow('labels.txt: expected');
  });
});

describe('labelsOfMetadata(metadata, classes)', () => {
  test('takes an entry with a name for each class', () => {
    expect(labelsOfMetadata(new Map([['names', "{0: 'cat', 1: 'dog'}"]]), 2)).toEqual(['cat', 'dog']);
    expect(labelsOfMetadata(new Map([['classes', 'cat,dog']]), 2)).toEqual(['cat', 'dog']);
  });

  test('passes over entries that are something else', () => {
    expect(
      labelsOfMetadata(
        new Map([
          ['classes', '2'],
          ['labels', '{'],
        ]),
        2,
      ),
    ).toBeUndefined();
  });
});

describe('classOfLabel(labels, name)', () => {
  const labels = ['tabby, tabby cat', 'crane', 'crane', 'Persian cat'];

  test('prefers whole labels to words in them', () => {
    expect(classOfLabel(['cat, pet', 'cat'], 'cat')).toBe(1);
    expect(classOfLabel(labels, 'TABBY CAT')).toBe(0);
  });

  test('refuses names of several classes and of none', () => {
    expect(() => classOfLabel(labels, 'crane')).toThrow(
      'target: expected a name of one class; "crane" are classes 1, 2',
    );
    expect(() => classOfLabel(labels, 'cat')).toThrow('got "cat"; similar: 0 tabby, tabby cat; 3 Persian cat');
  });
});
