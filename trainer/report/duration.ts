/** @file Durations in words. */

/** A duration such as `1 h 04 min`, `3 min 20 s` or `12.5 s`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${`${Math.floor(seconds % 60)}`.padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${`${minutes % 60}`.padStart(2, '0')} min`;
}
