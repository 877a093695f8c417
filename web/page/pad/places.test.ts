import { describe, expect, it } from 'vitest';
import { isExpression, recipeText, seedRecipe } from '../engine/recipe.js';
import { placesOf } from './places.js';

describe('placesOf(text)', () => {
  it('has the points of a setting, without what is none', () => {
    const walked = { ...seedRecipe(9), x: 0.5, y: -0.25 };
    expect(placesOf(`7|${recipeText(walked)}`)).toEqual([seedRecipe(7), walked]);
    expect(placesOf('')).toEqual([]);
    expect(placesOf('7~3~pc:1~pc:2~0~0|8')).toEqual([seedRecipe(8)]);
  });
});

describe('isExpression(text)', () => {
  it.each(['7~3', '3|4', '{7', '7}'])('is false for %s, which an address would read as something else', (text) => {
    expect(isExpression(text)).toBe(false);
    expect(isExpression('mean(1,2) - 3')).toBe(true);
  });
});
