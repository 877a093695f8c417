/** @file The look that figures, plots, reports and the studio share: colours, fonts and distances. */

/** Colours by what they are used for. */
export interface Colours {
  /** Background of figures, and of boxes on a page. */
  paper: string;
  /** Background of a page around those boxes. */
  page: string;
  ink: string;
  /** Text that explains. */
  muted: string;
  rule: string;
  /** Box in place of something that is missing, and its border. */
  well: string;
  wellBorder: string;
  accent: string;
  error: string;
  /** Background of table rows that stand out. */
  marked: string;
  /** Lines and bars of plots, in this order. */
  series: readonly string[];
}

/** The colours of all figures and plots, and of pages in daylight. */
export const light = {
  paper: '#ffffff',
  page: '#f6f6f4',
  ink: '#1a1a1a',
  muted: '#5c5c5c',
  rule: '#e4e4e4',
  well: '#f4f4f4',
  wellBorder: '#c8c8c8',
  accent: '#1f5fa8',
  error: '#a3220f',
  marked: '#fff3d6',
  series: [
    '#1f5fa8',
    '#d1600f',
    '#8e44ad',
    '#1d8a5b',
    '#b3243c',
    '#5b5fc7',
    '#7a5230',
    '#c2478f',
    '#5f6b73',
    '#93860b',
  ],
} as const satisfies Colours;

/** The colours of pages in the dark. */
export const dark = {
  paper: '#1e1e21',
  page: '#151517',
  ink: '#ececea',
  muted: '#a6a6a2',
  rule: '#36363b',
  well: '#111113',
  wellBorder: '#4a4a50',
  accent: '#8ab8f0',
  error: '#ff9d8a',
  marked: '#3d3218',
  series: [
    '#7db2ec',
    '#f0a060',
    '#d39be8',
    '#6fcf9f',
    '#f08a9b',
    '#a9acf5',
    '#cfa27a',
    '#ef9fcd',
    '#a7b3bb',
    '#d8cb55',
  ],
} as const satisfies Colours;

/** Shapes of markers, by chart.js's names. */
export const markers = ['circle', 'triangle', 'rect', 'rectRot', 'star', 'cross', 'crossRot'] as const;

/** The shape of a marker. */
export type Marker = (typeof markers)[number];

/** Dashes of lines, as lengths of dashes and gaps; the first is solid. */
export const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 2.5], [8, 3, 2, 3]];

/** How line number `index` of a plot looks: neighbours differ in colour, dashes and markers alike. */
export function lineStyle(index: number): { colour: string; dash: readonly number[]; marker: Marker } {
  const of = <T>(list: readonly T[]) => list[index % list.length] as T;
  return { colour: of<string>(light.series), dash: of(dashes), marker: of(markers) };
}

/** Markers per line, about. */
const MARKED = 8;

/** Which of a line's points are marked: a few, others on each line, so that markers do not cover each other. */
export function isMarked(at: number, points: number, line: number): boolean {
  const every = Math.max(1, Math.round(points / MARKED));
  return at % every === (line * 3) % every;
}

/** The colour of line number `index` on pages, a CSS variable of `colourStyle`. */
export const seriesColour = (index: number) => `var(--series-${index % light.series.length})`;

/**
 * The family of all text in figures and plots: DejaVu Sans, regular and bold, under a name that no installed font has, so
 * that figures look the same on every machine.
 */
export const FONT_FAMILY = 'ganscope DejaVu';

/** Fonts of figures, as a canvas takes them. */
export const TITLE_FONT = `bold 16px "${FONT_FAMILY}"`;
export const BOLD_FONT = `bold 12px "${FONT_FAMILY}"`;
export const PLAIN_FONT = `12px "${FONT_FAMILY}"`;

/** Heights of lines in the plain font and in the title's font. */
export const LINE = 16;
export const TITLE_LINE = 22;
/** Distances: around a figure, and between its parts. */
export const MARGIN = 24;
export const GAP = 10;

/** The longest side of a picture, in pixels. */
export const MAX_SIDE = 16_384;

/** Sizes of text on pages, by what it is: labels under pictures, text, and headings. */
export const textSizes = { small: '0.8125rem', body: '0.9375rem', title: '1.125rem', display: '1.5rem' } as const;

/** The family of text on pages. */
export const PAGE_FONT = 'system-ui, sans-serif';

/**
 * The colours as CSS variables, such as `--ink` and `--series-0`, the dark ones where the reader prefers them or the page says
 * `data-theme="dark"`; and the sizes and family of text, such as `--text-small` and `--font`.
 */
export function colourStyle(): string {
  const variables = ({ series, ...colours }: Colours) =>
    [...Object.entries(colours), ...series.map((colour, i) => [`series-${i}`, colour] as const)]
      .map(([name, colour]) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${colour};`)
      .join(' ');
  const sizes = Object.entries(textSizes).map(([name, size]) => `--text-${name}: ${size};`);
  return (
    `:root { color-scheme: light dark; ${variables(light)} ${sizes.join(' ')} --font: ${PAGE_FONT}; }\n` +
    `@media (prefers-color-scheme: dark) { :root:not([data-theme='light']) { ${variables(dark)} } }\n` +
    `:root[data-theme='dark'] { color-scheme: dark; ${variables(dark)} }\n` +
    ":root[data-theme='light'] { color-scheme: light; }\n"
  );
}
