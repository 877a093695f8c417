import { describe, expect, test } from 'vitest';
import { parsedHeatmapTarget, parsedTargets } from './targets.js';

describe('parsedTargets(text)', () => {
  test('reads verdicts, classes, the best ones, differences and regions', () => {
    expect(parsedTargets('real, fake,281,tabby cat')).toEqual(['real', 'fake', 281, 'tabby cat']);
    expect(parsedTargets('top-3')).toEqual([{ top: 3 }]);
    expect(parsedTargets('281:285,T-shirt:dress')).toEqual([
      { class: 281, minus: 285 },
      { class: 'T-shirt', minus: 'dress' },
    ]);
    expect(parsedTargets('15@10,20,90,80.5,7,bird@predicted,15@masks/bird.png')).toEqual([
      { class: 15, region: [10, 20, 90, 80.5] },
      7,
      { class: 'bird', region: 'predicted' },
      { class: 15, maskFile: 'masks/bird.png' },
    ]);
    expect(parsedTargets(undefined)).toBeUndefined();
  });

  test('reads several of one picture', () => {
    expect(parsedTargets('243+282,top-2+"a+b"')).toEqual([{ several: [243, 282] }, { several: [{ top: 2 }, 'a+b'] }]);
    expect(parsedTargets('7+15@1,2,3,4+16@5,6,7,8,9')).toEqual([
      { several: [7, { class: 15, region: [1, 2, 3, 4] }, { class: 16, region: [5, 6, 7, 8] }] },
      9,
    ]);
    expect(() => parsedTargets('1+')).toThrow('several joined by +');
  });

  test('reads names in quotes as they are', () => {
    expect(parsedTargets(`"a,b":'c@d',"x:y"@at:3,bird's nest`)).toEqual([
      { class: 'a,b', minus: 'c@d' },
      { class: 'x:y', region: { at: 3 } },
      "bird's nest",
    ]);
  });

  test('reads files in quotes as they are', () => {
    expect(parsedTargets(`1@"masks/a,b+c.png"+2@'d@e.png',3`)).toEqual([
      {
        several: [
          { class: 1, maskFile: 'masks/a,b+c.png' },
          { class: 2, maskFile: 'd@e.png' },
        ],
      },
      3,
    ]);
  });

  test('reads one box, and all above a probability', () => {
    expect(parsedTargets('15@at:42,cat@above:0.5,cat@above:.25')).toEqual([
      { class: 15, region: { at: 42 } },
      { class: 'cat', region: { above: 0.5 } },
      { class: 'cat', region: { above: 0.25 } },
    ]);
  });

  test.each(['', '1,,2', '1,', ':3', '3:', '1:2:3', '@predicted', '15@'])('refuses "%s"', (text) => {
    expect(() => parsedTargets(text)).toThrow('target: expected real, fake, a class by number or name, top-K');
  });
});

describe('parsedHeatmapTarget(text)', () => {
  test('reads words and classes', () => {
    expect(['input', 'top', 'fake', '281'].map(parsedHeatmapTarget)).toEqual(['input', 'top', 'fake', 281]);
  });

  test.each(['', 'tabby', '1,2', 'top-3'])('refuses "%s"', (text) => {
    expect(() => parsedHeatmapTarget(text)).toThrow('target: expected input, top or one target');
  });
});
