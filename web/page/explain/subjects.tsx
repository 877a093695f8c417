/** @file The pictures to choose from, and those that are explained. */
import { useState } from 'preact/hooks';
import { recipeText } from '../engine/recipe.js';
import type { Address } from '../state/address.js';
import { useStudio } from '../state/studio.js';
import { LiveCanvas } from '../ui/canvas.js';
import { Button } from '../ui/controls.js';
import { Thumbnail } from '../ui/thumbnail.js';

/** The picture at hand, which follows the walk. */
export const HAND = 'hand';
/** The most pictures that are compared, and thumbnails that are shown at first. */
const [MOST, SHOWN] = [4, 24];

/** The ids of the pictures that are explained. */
export function subjectsOf(address: Address): string[] {
  const ids = address.get('subjects', HAND).split('|');
  return ids.filter((id) => id !== '').slice(0, MOST);
}

/** The row of pictures: a click explains one, a click with Shift or Ctrl adds it. */
export function Subjects() {
  const { address, pictures, live, models } = useStudio();
  const [shown, setShown] = useState(SHOWN);
  const chosen = subjectsOf(address);
  const choose = (id: string, add: boolean) => {
    const others = chosen.filter((other) => other !== id);
    const next = !add
      ? [id]
      : others.length < chosen.length && others.length > 0
        ? others
        : [...others, id].slice(-MOST);
    address.change({ subjects: next.join('|') === HAND ? '' : next.join('|') });
  };
  const byClick = (id: string) => (event: MouseEvent) => choose(id, event.shiftKey || event.ctrlKey || event.metaKey);
  const byKey = (id: string) => (event: KeyboardEvent) => {
    if (event.key !== '+' && event.key !== ' ') return;
    event.preventDefault();
    choose(id, true);
  };
  const points = chosen.filter((id) => id.startsWith('z:')).flatMap((id) => pictures.find(id) ?? []);
  const all = [...points, ...pictures.all.value];
  return (
    <div>
      <p class="note" id="subjects-help">
        Click a picture to explain it; Shift-click, or Space, adds it to compare.
      </p>
      <ul class="subjects" aria-describedby="subjects-help" aria-label="Pictures">
        <li hidden={!models.generator.value}>
          <button
            type="button"
            class="picture-button"
            aria-pressed={chosen.includes(HAND)}
            aria-label="The picture at hand"
            title={`The picture at hand (${recipeText(live.recipe.value)})`}
            onClick={byClick(HAND)}
            onKeyDown={byKey(HAND)}
          >
            <LiveCanvas of={live.generated} label="" />
          </button>
        </li>
        {all.slice(0, shown).map((picture) => (
          <li key={picture.id}>
            <button
              type="button"
              class="picture-button"
              aria-pressed={chosen.includes(picture.id)}
              aria-label={picture.name}
              title={picture.name}
              onClick={byClick(picture.id)}
              onKeyDown={byKey(picture.id)}
            >
              <Thumbnail of={picture} />
            </button>
          </li>
        ))}
        {all.length > shown && (
          <li>
            <Button kind="small" onClick={() => setShown(shown + 4 * SHOWN)}>
              {all.length - shown} more
            </Button>
          </li>
        )}
      </ul>
    </div>
  );
}
