/**
 * @file How a point of the latent space is written in an address: a centre, two directions, and how far along each. The same
 * text always means the same latent, so a link shows the same picture.
 */
import { InputError } from 'ganscope/errors';

/** A point of the latent space. */
export interface Recipe {
  /** A seed or an expression of seeds as `gan-sample --arithmetic` takes it; or a sum of other points, `{…}-{…}+{…}`. */
  centre: string;
  /** The pad's directions: `pc:1`, the first principal one; `to:12`, towards a seed; `along:…`, a difference as an expression. */
  across: string;
  up: string;
  /** −1…1 along each. */
  x: number;
  y: number;
}

/** Where a walk begins. */
export const FIRST: Recipe = { centre: '7', across: 'pc:1', up: 'pc:2', x: 0, y: 0 };

/** The point of a seed. */
export const seedRecipe = (seed: number): Recipe => ({ ...FIRST, centre: String(seed) });

/** The text of a point. */
export function recipeText({ centre, across, up, x, y }: Recipe): string {
  return x === 0 && y === 0 && !centre.includes('~') ? centre : [centre, across, up, rounded(x), rounded(y)].join('~');
}

/** Coordinates as the address has them: thousandths. */
export const rounded = (value: number) => String(Math.round(value * 1000) / 1000);

/** The point of a text. @throws InputError if it is none */
export function parsedRecipe(text: string): Recipe {
  const parts = partsOf(text, '~');
  const [centre = '', across = FIRST.across, up = FIRST.up, x = '0', y = '0'] = parts;
  const [atX, atY] = [Number(x), Number(y)];
  if (centre === '' || parts.length > 5 || !(Math.abs(atX) <= 1) || !(Math.abs(atY) <= 1)) {
    throw new InputError({ name: 'point', expected: 'centre~direction~direction~x~y with x and y of −1…1', got: text });
  }
  return { centre, across, up, x: atX, y: atY };
}

/** The same for texts of addresses, which anybody may have written: undefined if it is no point. */
export function foundRecipe(text: string): Recipe | undefined {
  try {
    return parsedRecipe(text);
  } catch {
    return undefined;
  }
}

/** The parts between separators that stand in no braces. */
export function partsOf(text: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const letter of text) {
    depth += letter === '{' ? 1 : letter === '}' ? -1 : 0;
    if (letter === separator && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** The terms of a sum of points, `{a}-{b}+{c}`; undefined if the centre is no such sum. */
export function sumTerms(centre: string): { sign: 1 | -1; recipe: Recipe }[] | undefined {
  if (!centre.startsWith('{')) return undefined;
  const terms: { sign: 1 | -1; recipe: Recipe }[] = [];
  let [depth, start, sign] = [0, 0, 1 as 1 | -1];
  for (let at = 0; at < centre.length; at++) {
    const letter = centre[at];
    if (letter === '{' && depth++ === 0) start = at + 1;
    else if (letter === '}' && --depth === 0) terms.push({ sign, recipe: parsedRecipe(centre.slice(start, at)) });
    else if (depth === 0) sign = letter === '-' ? -1 : 1;
  }
  if (depth !== 0) throw new InputError({ name: 'point', expected: 'as many { as }', got: centre });
  return terms;
}

/** The sum A − B + C of points as a centre: an expression of seeds where all of them are, which gan-sample understands. */
export function sumCentre(terms: readonly { sign: 1 | -1; recipe: Recipe }[]): string {
  const seeds = terms.every(({ recipe }) => isExpression(recipeText(recipe)));
  return terms
    .map(({ sign, recipe }, at) => {
      const text = recipeText(recipe);
      const own = seeds ? (/^\d+$/.test(text) ? text : `(${text})`) : `{${text}}`;
      const mark = sign < 0 ? '-' : at === 0 ? '' : '+';
      return seeds && mark && at > 0 ? ` ${mark} ${own}` : `${mark}${own}`;
    })
    .join('');
}

/** Whether a point's text is an expression of seeds: it has none of the letters that separate points and their parts. */
export const isExpression = (text: string) => !/[~{}|]/.test(text);

/** A point in words. */
export function recipeName(recipe: Recipe): string {
  const { centre, x, y } = recipe;
  const from = /^\d+$/.test(centre) ? `seed ${centre}` : isExpression(centre) ? centre : 'a sum';
  return x === 0 && y === 0 ? from : `${from}, ${rounded(x)} across, ${rounded(y)} up`;
}

/** A direction in words. */
export function directionName(direction: string): string {
  const [kind = '', rest = ''] = [
    direction.slice(0, direction.indexOf(':')),
    direction.slice(direction.indexOf(':') + 1),
  ];
  if (kind === 'pc') return `principal direction ${rest}`;
  if (kind === 'to') return `towards seed ${rest}`;
  return kind === 'along' ? 'your direction' : direction;
}
