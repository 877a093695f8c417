/** @file The pictures of a grid of points under the pad: a map of where one walks. */
import { useEffect, useRef } from 'preact/hooks';
import type { Recipe } from '../engine/recipe.js';
import { useStudio } from '../state/studio.js';
import { drawPicture } from '../ui/canvas.js';

/** Pictures along each side. */
const SIDE = 7;
/** Milliseconds of rest before pictures are made. */
const REST = 250;

/** The map; it is made row by row while nothing moves. */
export function PadMap() {
  const { live, models, engine } = useStudio();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { centre, across, up } = live.recipe.value;
  const generator = models.generator.value;
  useEffect(() => {
    if (!generator) return;
    let isShown = true;
    const draw = async () => {
      for (let row = 0; row < SIDE && isShown; row++) {
        const y = 1 - (2 * row + 1) / SIDE;
        const recipes = Array.from({ length: SIDE }, (_, i): Recipe => ({
          centre,
          across,
          up,
          x: (2 * i + 1) / SIDE - 1,
          y,
        }));
        const made = await engine.sample(recipes, false);
        const [first] = made;
        if (!isShown || !first || !canvas.current) return;
        const { width, height } = first.picture;
        if (row === 0) Object.assign(canvas.current, { width: SIDE * width, height: SIDE * height });
        const context = canvas.current.getContext('2d');
        made.forEach(({ picture }, i) => {
          const small = new OffscreenCanvas(width, height);
          drawPicture(small, picture);
          context?.drawImage(small, i * width, row * height);
        });
      }
    };
    // What is wrong with a point is told where its picture is shown.
    const timer = setTimeout(() => void draw().catch(() => {}), REST);
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, [engine, generator, centre, across, up]);
  return <canvas ref={canvas} class="pad-map" aria-hidden="true" />;
}
