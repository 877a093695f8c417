import { describe, expect, it } from 'vitest';
import { parsedRecipe, partsOf, recipeText, seedRecipe, sumCentre, sumTerms } from './recipe.js';

const walked = { centre: '7', across: 'pc:2', up: 'to:5', x: 0.25, y: -1 };

describe('points as text', () => {
  it('is a seed alone where nothing was walked, and can be read back', () => {
    expect(recipeText(seedRecipe(7))).toBe('7');
    expect(recipeText(walked)).toBe('7~pc:2~to:5~0.25~-1');
    for (const recipe of [seedRecipe(3), walked, { ...walked, centre: 'mean(1,2) - 3' }]) {
      expect(parsedRecipe(recipeText({ ...recipe }))).toEqual(recipe);
    }
  });

  it.each(['', '7~pc:1~pc:2~2~0', '7~pc:1~pc:2~x~0', '1~2~3~0~0~0'])('refuses %j', (text) => {
    expect(() => parsedRecipe(text)).toThrow(/^point: expected centre~direction~direction~x~y/);
  });

  it('keeps separators within braces together', () => {
    expect(partsOf('a~{b~c}~d', '~')).toEqual(['a', '{b~c}', 'd']);
  });

  it('sums seeds as gan-sample writes it, and walked points in braces', () => {
    const [a, b, c] = [3, 1, 2].map(seedRecipe) as [typeof walked, typeof walked, typeof walked];
    const signed = (recipes: (typeof walked)[]) =>
      recipes.map((recipe, at) => ({ sign: at === 1 ? (-1 as const) : (1 as const), recipe }));
    expect(sumCentre(signed([a, b, c]))).toBe('3 - 1 + 2');
    expect(sumTerms('3 - 1 + 2')).toBeUndefined();
    const centre = sumCentre(signed([a, walked, c]));
    expect(centre).toBe('{3}-{7~pc:2~to:5~0.25~-1}+{2}');
    expect(sumTerms(centre)).toEqual(signed([a, walked, c]));
    const nested = { ...walked, centre };
    expect(parsedRecipe(recipeText(nested))).toEqual(nested);
    expect(() => sumTerms('{3}-{4')).toThrow(/^point: expected as many \{ as \}/);
  });
});
