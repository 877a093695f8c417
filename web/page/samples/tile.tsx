/** @file One sample: a click walks there, a menu sends it elsewhere, and it can be dragged. */
import { useRef, useState } from 'preact/hooks';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import type { Scored } from '../engine/calls.js';
import { recipeText, seedRecipe } from '../engine/recipe.js';
import { marks } from '../pad/directions.js';
import { useStudio, type Studio } from '../state/studio.js';
import { PictureCanvas } from '../ui/canvas.js';
import { dragRecipe } from '../ui/drag.js';
import { Icon } from '../ui/icons.js';
import { Menu, type MenuItem } from '../ui/menu.js';

/** A sample, or the place of one that is being made. */
export function Tile(props: { seed: number; made: Scored | undefined; isCurrent: boolean; onFocus: () => void }) {
  const { seed, made, isCurrent, onFocus } = props;
  const studio = useStudio();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const score = made?.score === undefined ? undefined : formattedNumber(made.score);
  const focused = isCurrent ? 0 : -1;
  return (
    <>
      <button
        ref={button}
        type="button"
        class="tile"
        data-seed={seed}
        tabIndex={focused}
        draggable
        aria-label={`Seed ${seed}${score === undefined ? '' : `, score ${score}`}: walk there`}
        onFocus={onFocus}
        onDragStart={(event) => dragRecipe(event, seedRecipe(seed))}
        onClick={() => studio.live.visit(seedRecipe(seed))}
        onContextMenu={(event) => {
          event.preventDefault();
          setOpen(true);
        }}
      >
        {made ? <PictureCanvas picture={made.picture} label="" /> : <span class="blank" />}
      </button>
      <p class="caption numbers" aria-hidden="true">
        {seed}
        {score !== undefined && <span>{score}</span>}
      </p>
      <button
        type="button"
        class="more"
        tabIndex={focused}
        aria-label={`Menu of seed ${seed}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <Menu
          label={`Seed ${seed}`}
          items={itemsOf(studio, seed)}
          onClose={() => {
            setOpen(false);
            button.current?.focus();
          }}
        />
      )}
    </>
  );
}

/** What can be done with a sample. */
function itemsOf({ live, address }: Studio, seed: number): MenuItem[] {
  const recipe = seedRecipe(seed);
  const text = recipeText(recipe);
  const mark = (name: string, other: string) => () => {
    const own = marks(address.get(name));
    const rest = marks(address.get(other)).filter((each) => each !== text);
    address.change({ [name]: [...new Set([...own, text])].join(','), [other]: rest.join(',') });
  };
  const places = address.get('places');
  return [
    { text: 'Walk there', act: () => live.visit(recipe) },
    { text: 'Explain', act: () => address.change({ view: 'explain', subjects: `z:${text}` }) },
    { text: 'Save as a place', act: () => address.change({ places: places === '' ? text : `${places}|${text}` }) },
    { text: 'Walk towards it (across)', act: () => live.go({ across: `to:${seed}` }) },
    { text: 'Walk towards it (up)', act: () => live.go({ up: `to:${seed}` }) },
    { text: 'More of what it has', act: mark('more', 'less') },
    { text: 'Less of what it has', act: mark('less', 'more') },
    { text: 'Arithmetic: A', act: () => address.change({ a: text }) },
    { text: 'Arithmetic: B', act: () => address.change({ b: text }) },
    { text: 'Arithmetic: C', act: () => address.change({ c: text }) },
  ];
}
