/** @file The sample of a line in the legend of a chart. */

/** A short line of a colour and dashes. */
export function LineKey({ colour, dash }: { colour: string; dash: string }) {
  return (
    <svg class="line-key" viewBox="0 0 26 8" aria-hidden="true">
      <line x1="0" x2="26" y1="4" y2="4" style={{ stroke: colour }} stroke-dasharray={dash} />
    </svg>
  );
}
