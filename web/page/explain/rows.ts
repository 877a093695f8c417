/** @file The rows of the table: pictures, layers of one picture, or the same picture in two networks. */
import { recipeText } from '../engine/recipe.js';
import type { Studio } from '../state/studio.js';
import { HAND, subjectsOf } from './subjects.js';
import type { Row } from './work.js';

/** Layers that are compared, evenly from first to last. */
const MOST_LAYERS = 5;

/** The rows that the settings ask for. */
export function rowsOf(studio: Studio): Row[] {
  const { address, models, live, pictures } = studio;
  const layer = address.get('layer');
  const compared = address.get('compare');
  const subjects = subjectsOf(address).flatMap((id) => {
    const isHand = id === HAND;
    const recipe = recipeText(live.recipe.value);
    const picture = isHand
      ? live.real.value === ''
        ? models.generator.value && pictures.find(`z:${recipe}`)
        : pictures.find(live.real.value)
      : pictures.find(id);
    return picture ? [picture] : [];
  });
  const [first] = subjects;
  // Of several pictures the first is compared: the rows then say which one that is.
  const titled = (name: string) => (subjects.length > 1 ? `${first?.name ?? ''}: ${name}` : name);
  if (compared === 'layers' && first) {
    const strip = models.explainer.value?.info.strip ?? [];
    const count = Math.min(MOST_LAYERS, strip.length);
    const chosen = Array.from(
      { length: count },
      (_, i) => strip[Math.round((i * (strip.length - 1)) / Math.max(1, count - 1))],
    );
    return chosen.flatMap((each) =>
      each
        ? [{ key: each.value, title: titled(each.name), picture: first, slot: 'main' as const, layer: each.value }]
        : [],
    );
  }
  if (compared === 'networks' && first) {
    const main = {
      key: 'main',
      title: titled(models.explainer.value?.name ?? ''),
      picture: first,
      slot: 'main' as const,
      layer,
    };
    const other = models.other.value;
    return other
      ? [main, { ...main, key: 'other', title: titled(other.name), slot: 'other' as const, layer: '' }]
      : [main];
  }
  return subjects.map((picture) => ({ key: picture.id, title: picture.name, picture, slot: 'main', layer }));
}
