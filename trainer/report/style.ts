/** @file The style of report.html: light and dark, wide and narrow, screen and paper. */
import { colourStyle } from '../../inference/figures/theme.js';

/** The pages on which tables are stacked and plots drawn narrow. */
export const NARROW_PAGE = '(max-width: 34rem)';

export const STYLE = `
${colourStyle()}
@media (prefers-color-scheme: dark) { .plot { filter: invert(0.885) hue-rotate(180deg); } }
* { box-sizing: border-box; }
body {
  margin: 0; padding: clamp(1rem, 4vw, 3rem) clamp(0.75rem, 4vw, 2.5rem) 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
main { max-width: 70rem; margin: 0 auto; }
h1 { margin: 0; font-size: clamp(1.4rem, 4vw, 2rem); line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 2.75rem 0 0.9rem; font-size: 1.15rem; }
p { margin: 0.4rem 0; max-width: 46rem; }
.lead { color: var(--muted); margin: 0.5rem 0 1.5rem; }
.notes { white-space: pre-line; overflow-wrap: anywhere; margin: 0 0 1.5rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 0.75rem; margin: 0; }
.facts div { background: var(--paper); border: 1px solid var(--rule); border-radius: 10px; padding: 0.7rem 0.9rem; }
.facts dt { color: var(--muted); font-size: 0.8rem; }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem; }
.figures:has(.plot) { grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); }
figure { margin: 0; background: var(--paper); border: 1px solid var(--rule); border-radius: 10px; padding: 0.75rem; }
figure img { display: block; width: 100%; height: auto; border-radius: 5px; }
figure .pixels { image-rendering: pixelated; }
figcaption { margin-top: 0.6rem; color: var(--muted); font-size: 0.87rem; }
figcaption b { color: var(--ink); font-weight: 600; }
.scroll { overflow-x: auto; background: var(--paper); border: 1px solid var(--rule); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.38rem 0.9rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-size: 0.8rem; font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
td { overflow-wrap: break-word; }
.settings { table-layout: fixed; }
.settings td, .settings tbody th { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.87rem; }
.theirs { display: none; }
.numbers td, .numbers thead th { text-align: right; white-space: nowrap; }
.numbers th:first-child { text-align: left; }
.numbers tr > .long { white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
tr.changed > * { background: var(--marked); }
.note { color: var(--muted); font-size: 0.87rem; }
@media ${NARROW_PAGE} {
  th, td { padding: 0.35rem 0.6rem; }
  .settings thead { display: none; }
  .settings tr { display: grid; grid-template-columns: auto 1fr; border-bottom: 1px solid var(--rule); }
  .settings tr:last-child { border-bottom: 0; }
  .settings tr > * { border-bottom: 0; min-width: 0; }
  .settings td:nth-child(2) { text-align: right; }
  .settings td:empty { display: none; }
  .settings td:nth-child(3) { grid-column: 1 / -1; padding-top: 0; text-align: right; color: var(--muted); }
  .theirs { display: inline; }
}
@media print { body { background: none; padding: 0; } figure, .scroll, .facts div { break-inside: avoid; } }
`;
