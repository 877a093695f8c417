import { describe, expect, test } from 'vitest';
import { labelsOfMetadata, parsedLabels } from './class-names.js';

describe('parsedLabels(text, source)', () => {
  test.each([
    ['cat\r\ndog\n'],
    ['["cat", "dog"]'],
    ['{"1": "dog", "0": "cat"}'],
    ['{"0": ["n01", "cat"], "1": ["n02", "dog"]}'],
    ['{0: \'cat\', 1: "dog"}'],
    ['{"id2label": {"0": "cat", "1": "dog"}, "model_type": "vit"}'],
    ['{"dog": 1, "cat": 0}'],
    ['{"names": ["cat", "dog"]}'],
    ['{"version": 1, "label_names": ["cat", "dog"]}'],
    ['0 cat\n1 dog'],
    ['1,dog\n0,cat'],
    ['id,name\n0,cat\n1,dog'],
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
