/** @file Points and pictures that are dragged from part to part of the page. */
import { parsedRecipe, recipeText, type Recipe } from '../engine/recipe.js';

const TYPE = 'application/x-ganscope-point';

/** Begins to drag a point. */
export function dragRecipe(event: DragEvent, recipe: Recipe): void {
  event.dataTransfer?.setData(TYPE, recipeText(recipe));
  event.dataTransfer?.setData('text/plain', recipeText(recipe));
}

/** Takes a dragged point; files and other things are left to others. */
export function takeRecipe(event: DragEvent, take: (recipe: Recipe) => void): void {
  const text = event.dataTransfer?.getData(TYPE) ?? '';
  if (text === '') return;
  event.preventDefault();
  event.stopPropagation();
  take(parsedRecipe(text));
}
