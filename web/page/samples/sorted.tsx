/** @file Many seeds in the order of their scores. */
import { useEffect, useState } from 'preact/hooks';
import type { Scored } from '../engine/calls.js';
import { seedRecipe } from '../engine/recipe.js';
import { useStudio } from '../state/studio.js';
import { Button } from '../ui/controls.js';
import { Tile } from './tile.js';

/** Seeds that are scored at first and for each further step, and those that are made at a time. */
const [STEP, PART] = [120, 12];

/** The seeds from one on, the best or the worst first. */
export function SortedGrid({ first, lowest }: { first: number; lowest: boolean }) {
  const { engine, models, notices } = useStudio();
  const [count, setCount] = useState(STEP);
  const [made, setMade] = useState<readonly { seed: number; scored: Scored }[]>([]);
  const [current, setCurrent] = useState<number>();
  const [generator, explainer] = [models.generator.value, models.explainer.value];
  useEffect(() => {
    let isShown = true;
    const make = async () => {
      let all: readonly { seed: number; scored: Scored }[] = [];
      for (let start = 0; start < count && isShown; start += PART) {
        const seeds = Array.from({ length: Math.min(PART, count - start) }, (_, i) => first + start + i);
        const scored = await engine.sample(seeds.map(seedRecipe));
        if (!isShown) return;
        all = [...all, ...seeds.flatMap((seed, i) => (scored[i] ? [{ seed, scored: scored[i] }] : []))];
        setMade(all);
        notices.tell('samples', `${all.length} of ${count} seeds scored.`);
      }
    };
    make().catch((error: unknown) => isShown && notices.fail('samples', error));
    return () => {
      isShown = false;
    };
  }, [engine, notices, generator, explainer, first, count]);
  const sign = lowest ? 1 : -1;
  const sorted = made.toSorted((a, b) => sign * ((a.scored.score ?? 0) - (b.scored.score ?? 0)));
  const shown = sorted.some(({ seed }) => seed === current) ? current : sorted[0]?.seed;
  const byKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = sorted[sorted.findIndex(({ seed }) => seed === shown) + step]?.seed;
    if (next === undefined) return;
    setCurrent(next);
    document.querySelector<HTMLElement>(`[data-seed="${next}"]`)?.focus();
  };
  return (
    <div class="scroller" role="region" aria-label="Samples" onKeyDown={byKey}>
      <ul class="tiles sorted">
        {sorted.map(({ seed, scored }) => (
          <li key={seed}>
            <Tile seed={seed} made={scored} isCurrent={seed === shown} onFocus={() => setCurrent(seed)} />
          </li>
        ))}
      </ul>
      <Button onClick={() => setCount(count + STEP)}>Score {STEP} more</Button>
    </div>
  );
}
