/** @file Times for people, and how long work will still take. */

/** Seconds as hours and minutes: `2 h 05 min`, `14 min`, `3 min 20 s`, `8 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  if (minutes >= 10) return `${minutes} min`;
  return minutes > 0 ? `${minutes} min ${String(whole % 60).padStart(2, '0')} s` : `${whole} s`;
}

/** Seconds over which the rate is taken: long enough to be steady, short enough to follow a change. */
const WINDOW = 30;
/** Seconds between the points that are kept. */
const SPACING = 0.25;

/** How fast work goes, from the last half minute of it. */
export class Rate {
  #points: { time: number; done: number }[] = [];

  /**
   * Notes how much is done now.
   * @param time in seconds
   */
  note(done: number, time: number): void {
    const last = this.#points.at(-1);
    // Fewer than before: the next stage of the work has begun.
    if (last && done < last.done) this.#points = [];
    const before = this.#points.at(-2);
    if (before && time - before.time < SPACING) this.#points.pop();
    this.#points.push({ time, done });
    while (this.#points.length > 2 && time - (this.#points[1]?.time ?? time) > WINDOW) this.#points.shift();
  }

  /** Per second; undefined until it is known. */
  get perSecond(): number | undefined {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    if (!first || !last || last.time <= first.time || last.done <= first.done) return undefined;
    return (last.done - first.done) / (last.time - first.time);
  }
}
