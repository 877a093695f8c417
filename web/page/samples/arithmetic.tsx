/** @file Latent arithmetic: a row of slots, A − B + C. */
import { foundRecipe, recipeName, recipeText, sumCentre, type Recipe } from '../engine/recipe.js';
import { PointPicture } from '../pad/places.js';
import { useStudio } from '../state/studio.js';
import { Button, Status } from '../ui/controls.js';
import { dragRecipe, takeRecipe } from '../ui/drag.js';

/** The slots, with the sign of each. */
const SLOTS = [
  { name: 'a', sign: 1, mark: '' },
  { name: 'b', sign: -1, mark: '−' },
  { name: 'c', sign: 1, mark: '+' },
] as const;

/** The row. Slots that are empty do not count. */
export function Arithmetic() {
  const { address, live } = useStudio();
  const terms = SLOTS.flatMap(({ name, sign }) => {
    const recipe = foundRecipe(address.get(name));
    return recipe ? [{ name, sign, recipe }] : [];
  });
  const isSum = terms.length > 1 && terms[0]?.name === 'a';
  const sum: Recipe = { ...live.recipe.value, centre: isSum ? sumCentre(terms) : '0', x: 0, y: 0 };
  return (
    <section class="arithmetic" aria-label="Latent arithmetic">
      <h3>Arithmetic</h3>
      <div class="slots">
        {SLOTS.map(({ name, mark }) => (
          <Slot key={name} name={name} mark={mark} />
        ))}
        <span aria-hidden="true">=</span>
        {isSum ? (
          <button
            type="button"
            id="arithmetic-result"
            class="slot result"
            draggable
            aria-label="The result: walk from there"
            title="Walk from there"
            onDragStart={(event) => dragRecipe(event, sum)}
            onClick={() => live.go({ centre: sum.centre, x: 0, y: 0 })}
          >
            <PointPicture recipe={sum} />
          </button>
        ) : (
          <span class="slot empty">fill A and B</span>
        )}
      </div>
      <Status place="arithmetic" />
    </section>
  );
}

function Slot({ name, mark }: { name: 'a' | 'b' | 'c'; mark: string }) {
  const { address, live } = useStudio();
  const recipe = foundRecipe(address.get(name));
  const title = name.toUpperCase();
  const put = (given: Recipe) => address.change({ [name]: recipeText(given) });
  return (
    <>
      {mark && <span aria-hidden="true">{mark}</span>}
      <div class="slot-box" onDragOver={(event) => event.preventDefault()} onDrop={(event) => takeRecipe(event, put)}>
        <button
          type="button"
          id={`slot-${name}`}
          class={recipe ? 'slot' : 'slot empty'}
          aria-label={
            recipe ? `Slot ${title}, ${recipeName(recipe)}: walk there` : `Slot ${title}: put the point at hand here`
          }
          title={recipe ? recipeName(recipe) : `Put the point at hand into ${title}, or drop a sample here`}
          onClick={() => (recipe ? live.visit(recipe) : put(live.recipe.peek()))}
        >
          {recipe ? <PointPicture recipe={recipe} /> : title}
        </button>
        {recipe && (
          <Button kind="small" aria-label={`Empty slot ${title}`} onClick={() => address.change({ [name]: '' })}>
            empty
          </Button>
        )}
      </div>
    </>
  );
}
