/** @file Pictures of consecutive seeds. */
import type { Picture } from 'ganscope/inference';
import { element, pictureItem, tell, tellError } from './dom.js';
import type { Engine } from './worker.js';

/** Pictures are made in parts, so that the first ones appear soon. */
const PART = 4;

/** Starts the form. Returns functions that sample, give the first picture, and clear the section. */
export function samplesSection(engine: Engine) {
  const form = element('samples-form', HTMLFormElement);
  const list = element('samples-pictures', HTMLUListElement);
  const number = (id: string) => element(id, HTMLInputElement).valueAsNumber;
  let first: Picture | undefined;
  let latest = 0;
  const sample = async () => {
    const turn = ++latest;
    const [seed, count, truncation] = [number('seed'), number('count'), number('truncation')];
    const seeds = Array.from({ length: count }, (_, i) => seed + i);
    tell('samples-status', 'Sampling…');
    const started = performance.now();
    const items: HTMLLIElement[] = [];
    try {
      for (let start = 0; start < count; start += PART) {
        const own = seeds.slice(start, start + PART);
        const pictures = await engine.sample(own, Number.isNaN(truncation) ? undefined : truncation);
        if (turn !== latest) return;
        if (start === 0) first = pictures[0];
        items.push(
          ...pictures.map((picture, i) => pictureItem(picture, `Picture of seed ${own[i]}`, `seed ${own[i]}`)),
        );
        list.replaceChildren(...items);
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(2);
      tell('samples-status', `${count} ${count === 1 ? 'picture' : 'pictures'} in ${seconds} s.`);
    } catch (error) {
      if (turn === latest) tellError('samples-status', error);
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void sample();
  });
  const clear = () => {
    latest++;
    first = undefined;
    list.replaceChildren();
    tell('samples-status', '');
  };
  return { sample, first: (): Picture | undefined => first, clear };
}
