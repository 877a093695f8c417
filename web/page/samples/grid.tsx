/** @file An endless grid of seeds: only what is seen is made and drawn. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Scored } from '../engine/calls.js';
import { latestOnly } from '../engine/client.js';
import { seedRecipe } from '../engine/recipe.js';
import { useStudio } from '../state/studio.js';
import { Tile } from './tile.js';

/** The least width of a tile, the height of its caption, and the gap, in pixels. */
const [TILE, CAPTION, GAP] = [96, 22, 8];
/** Rows below the last seen one: the grid has no end. */
const AHEAD = 4;
/** Pictures that are made at a time, and the most that are kept. */
const [PART, MOST_KEPT] = [8, 1000];

/** The grid from a seed on. */
export function Grid({ first }: { first: number }) {
  const { engine, models, notices } = useStudio();
  const box = useRef<HTMLDivElement>(null);
  const [{ width, height, top }, setView] = useState({ width: 0, height: 0, top: 0 });
  const [made, setMade] = useState<ReadonlyMap<number, Scored>>(new Map());
  const [current, setCurrent] = useState(first);
  const [generator, explainer] = [models.generator.value, models.explainer.value];

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setView({ width: element.clientWidth, height: element.clientHeight, top: element.scrollTop });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  // Other networks make other pictures and scores.
  useEffect(() => setMade(new Map()), [generator, explainer]);
  useEffect(() => {
    setCurrent(first);
    if (box.current) box.current.scrollTop = 0;
  }, [first]);

  const columns = Math.max(1, Math.floor((width + GAP) / (TILE + GAP)));
  const side = (width - GAP * (columns - 1)) / columns;
  const rowHeight = side + CAPTION + GAP;
  const from = Math.max(0, Math.floor(top / rowHeight) - 1);
  const to = Math.ceil((top + height) / rowHeight) + 1;
  const seeds = useMemo(
    () => (width === 0 ? [] : Array.from({ length: (to - from) * columns }, (_, i) => first + from * columns + i)),
    [first, from, to, columns, width],
  );

  const known = useRef(made);
  known.current = made;
  const make = useMemo(
    () =>
      latestOnly<{ seeds: readonly number[]; isCurrent: () => boolean }>(async (wanted) => {
        const missing = wanted.seeds.filter((seed) => !known.current.has(seed)).slice(0, PART);
        if (missing.length === 0 || !wanted.isCurrent()) return;
        const started = performance.now();
        const scored = await engine.sample(missing.map(seedRecipe));
        if (!wanted.isCurrent()) return;
        setMade((before) => {
          const kept = before.size > MOST_KEPT ? new Map<number, Scored>() : new Map(before);
          missing.forEach((seed, i) => scored[i] && kept.set(seed, scored[i]));
          return kept;
        });
        const each = (performance.now() - started) / missing.length;
        notices.tell('samples', `Endless seeds, ${each < 10 ? each.toFixed(1) : Math.round(each)} ms each.`);
      }),
    [engine, notices],
  );
  useEffect(() => {
    let isCurrent = true;
    make({ seeds, isCurrent: () => isCurrent });
    return () => {
      isCurrent = false;
    };
  }, [seeds, made, make]);

  const byKey = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.max(first, current + step);
    setCurrent(next);
    const row = Math.floor((next - first) / columns);
    const element = box.current;
    if (element) {
      const least = (row + 1) * rowHeight - height;
      element.scrollTop = Math.min(row * rowHeight, Math.max(element.scrollTop, least));
    }
    requestAnimationFrame(() => element?.querySelector<HTMLElement>(`[data-seed="${next}"]`)?.focus());
  };
  const shownCurrent = seeds.includes(current) ? current : seeds[columns];
  return (
    <div ref={box} class="scroller" role="region" aria-label="Samples" onKeyDown={byKey}>
      <ul class="tiles" style={{ blockSize: `${(to + AHEAD) * rowHeight}px` }}>
        {seeds.map((seed) => {
          const at = seed - first;
          const place = {
            inlineSize: `${side}px`,
            blockSize: `${side + CAPTION}px`,
            transform: `translate(${(at % columns) * (side + GAP)}px, ${Math.floor(at / columns) * rowHeight}px)`,
          };
          return (
            <li key={seed} style={place}>
              <Tile
                seed={seed}
                made={made.get(seed)}
                isCurrent={seed === shownCurrent}
                onFocus={() => setCurrent(seed)}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
