/** @file Interpolation between two seeds, by a slider or as an animation. */
import { draw, element, tell, tellError } from './dom.js';
import type { Engine } from './worker.js';

/** Seconds from one end to the other. */
const DURATION = 4;

/** Starts the slider and the button. Returns functions that draw again and clear the section. */
export function walkSection(engine: Engine) {
  const position = element('walk-position', HTMLInputElement);
  const value = element('walk-value', HTMLOutputElement);
  const canvas = element('walk-picture', HTMLCanvasElement);
  const play = element('walk-play', HTMLButtonElement);
  const mode = element('walk-mode', HTMLSelectElement);
  const ends = ['walk-from', 'walk-to'].map((id) => element(id, HTMLInputElement));
  let drawing = false;
  let again = false;
  /** Counts the networks: pictures of an earlier one are not shown. */
  let turn = 0;
  const drawn = async (): Promise<void> => {
    value.textContent = position.valueAsNumber.toFixed(2);
    // Only the last position is drawn after the picture that is being made.
    if (drawing) {
      again = true;
      return;
    }
    drawing = true;
    do {
      again = false;
      const own = turn;
      const [from = 0, to = 0] = ends.map((end) => end.valueAsNumber || 0);
      const path = mode.value === 'lerp' ? 'lerp' : 'slerp';
      try {
        const picture = await engine.between(from, to, position.valueAsNumber, path);
        if (own !== turn || !picture) continue;
        draw(canvas, picture);
        canvas.hidden = false;
        canvas.setAttribute('aria-label', `Picture ${value.textContent} of the way from seed ${from} to seed ${to}`);
        tell('walk-status', '');
      } catch (error) {
        if (own === turn) tellError('walk-status', error);
      }
    } while (again);
    drawing = false;
  };
  let timer: number | undefined;
  let forward = true;
  const stop = () => {
    cancelAnimationFrame(timer ?? 0);
    timer = undefined;
    play.textContent = 'Play';
    play.setAttribute('aria-pressed', 'false');
  };
  const start = () => {
    let last = performance.now();
    const tick = (now: number) => {
      const next = position.valueAsNumber + ((forward ? 1 : -1) * (now - last)) / 1000 / DURATION;
      // The slider moves in whole steps.
      if (Math.abs(next - position.valueAsNumber) >= 0.01 || next <= 0 || next >= 1) {
        last = now;
        if (next >= 1) forward = false;
        if (next <= 0) forward = true;
        position.valueAsNumber = Math.min(1, Math.max(0, next));
        void drawn();
      }
      timer = requestAnimationFrame(tick);
    };
    timer = requestAnimationFrame(tick);
    play.textContent = 'Pause';
    play.setAttribute('aria-pressed', 'true');
  };
  play.addEventListener('click', () => (timer === undefined ? start() : stop()));
  for (const input of [position, mode, ...ends]) input.addEventListener('input', () => void drawn());
  const clear = () => {
    stop();
    turn++;
    again = false;
    canvas.hidden = true;
    tell('walk-status', '');
  };
  return { draw: () => void drawn(), clear };
}
