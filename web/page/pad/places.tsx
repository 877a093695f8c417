/** @file Places that were saved, and the walk from one to the next. */
import { useSignalEffect } from '@preact/signals';
import type { Picture } from 'ganscope/inference';
import { useEffect, useState } from 'preact/hooks';
import { foundRecipe, parsedRecipe, partsOf, recipeName, recipeText, type Recipe } from '../engine/recipe.js';
import { useStudio } from '../state/studio.js';
import { PictureCanvas } from '../ui/canvas.js';
import { Button } from '../ui/controls.js';
import { dragRecipe } from '../ui/drag.js';
import { Icon } from '../ui/icons.js';

/** Milliseconds from one place to the next. */
const STEP_MS = 2000;

/** The points of a setting; what is none is left out. */
export function placesOf(text: string): Recipe[] {
  return partsOf(text, '|').flatMap((each) => foundRecipe(each) ?? []);
}

/** The saved places. */
export function Places() {
  const { live, address } = useStudio();
  const places = placesOf(address.get('places'));
  const change = (next: readonly Recipe[]) => address.change({ places: next.map(recipeText).join('|') });
  const isPlaying = live.path.value !== undefined;
  usePlaying(isPlaying);
  return (
    <div class="places">
      <div class="row">
        <h3>Places</h3>
        <Button kind="small" id="save-place" onClick={() => change([...places, live.recipe.peek()])}>
          <Icon name="save" /> Save
        </Button>
        <Button
          kind="small"
          id="play"
          aria-pressed={isPlaying}
          disabled={places.length < 2}
          title="Walk from place to place"
          onClick={() => (live.path.value = isPlaying ? undefined : { recipes: places, at: 0 })}
        >
          <Icon name={isPlaying ? 'pause' : 'play'} /> {isPlaying ? 'Stop' : 'Walk'}
        </Button>
      </div>
      {places.length === 0 ? (
        <p class="note">Save places to walk between them.</p>
      ) : (
        <ol class="place-list">
          {places.map((place, at) => (
            <li key={`${at} ${recipeText(place)}`}>
              <button
                type="button"
                draggable
                aria-label={`Go to ${recipeName(place)}`}
                title={recipeName(place)}
                onDragStart={(event) => dragRecipe(event, place)}
                onClick={() => live.visit(place)}
              >
                <PointPicture recipe={place} />
              </button>
              <button
                type="button"
                class="remove"
                aria-label={`Remove ${recipeName(place)}`}
                onClick={() => change(places.filter((_, other) => other !== at))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** Moves along the path while it is played. */
function usePlaying(isPlaying: boolean): void {
  const { live } = useStudio();
  useEffect(() => {
    if (!isPlaying) return;
    let last = performance.now();
    const tick = (now: number) => {
      const path = live.path.peek();
      if (!path) return;
      const duration = STEP_MS * path.recipes.length;
      live.path.value = { ...path, at: (path.at + (now - last) / duration) % 1 };
      last = now;
      timer = requestAnimationFrame(tick);
    };
    let timer = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(timer);
  }, [isPlaying, live]);
  useSignalEffect(() => {
    // A step elsewhere ends the walk.
    if (live.recipe.value) live.path.value = undefined;
  });
}

/** The picture of a point, small. */
export function PointPicture({ recipe }: { recipe: Recipe }) {
  const { engine, models } = useStudio();
  const [picture, setPicture] = useState<Picture>();
  const generator = models.generator.value;
  const text = recipeText(recipe);
  useEffect(() => {
    let isShown = true;
    setPicture(undefined);
    if (generator) {
      engine.sample([parsedRecipe(text)], false).then(
        ([made]) => isShown && setPicture(made?.picture),
        () => isShown && setPicture(undefined),
      );
    }
    return () => {
      isShown = false;
    };
  }, [engine, generator, text]);
  return picture ? <PictureCanvas picture={picture} label={recipeName(recipe)} /> : <span class="blank" />;
}
