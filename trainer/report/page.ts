/** @file report.html of a run: one file without scripts and without requests. */
import { NARROW_PAGE, STYLE } from './style.js';

/** A picture of the report. */
export interface ReportFigure {
  title: string;
  caption: string;
  type: 'image/png' | 'image/webp';
  bytes: Uint8Array;
  /** The same for narrow pages, such as on phones. */
  narrow?: Uint8Array;
  /** `plot`: drawn on white, inverted in dark mode; `pixels`: small pictures that are enlarged without smoothing. */
  kind: 'plot' | 'pixels';
}

/** A setting of the run by its flag, and the preset's value where it differs. */
export interface ReportSetting {
  name: string;
  value: string;
  preset?: string;
}

/** Rows under headings; the first cell names the row. */
export interface ReportTable {
  title: string;
  headings: readonly string[];
  rows: readonly (readonly string[])[];
  note?: string;
}

/** What the report of a run shows, as plain text: `reportPage` escapes it. */
export interface ReportContent {
  title: string;
  /** One sentence: what was trained, and how many steps. */
  lead: string;
  facts: readonly (readonly [label: string, value: string])[];
  sections: readonly { title: string; figures: readonly ReportFigure[] }[];
  tables: readonly ReportTable[];
  /** What people noted. */
  notes?: string;
  /** Settings of one run, beside those of its preset. */
  preset?: string;
  settings?: readonly ReportSetting[];
  environment: readonly (readonly [label: string, value: string])[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text escaped for HTML, also for attributes. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/**
 * The page. It contains its pictures; its content policy forbids scripts and requests.
 * @returns a complete HTML document
 */
export function reportPage(content: ReportContent): string {
  const { title, lead, facts, sections, tables, environment } = content;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(lead)}</p>${content.notes === undefined ? '' : `\n<p class="notes">${escaped(content.notes)}</p>`}
${facts.length === 0 ? '' : factList(facts)}${sections
    .filter(({ figures }) => figures.length > 0)
    .map(section)
    .join('\n')}
${tables
  .filter(({ rows }) => rows.length > 0)
  .map(numbers)
  .join('\n')}
${configuration(content)}<h2>Environment</h2>
<div class="scroll"><table class="pairs"><tbody>
${environment.map(([label, value]) => `<tr><th scope="row">${escaped(label)}</th><td>${escaped(value)}</td></tr>`).join('\n')}
</tbody></table></div>
</main>
</body>
</html>
`;
}

function factList(facts: ReportContent['facts']): string {
  const fact = ([label, value]: readonly [string, string]) =>
    `<div><dt>${escaped(label)}</dt><dd>${escaped(value)}</dd></div>`;
  return `<dl class="facts">\n${facts.map(fact).join('\n')}\n</dl>\n`;
}

function section({ title, figures }: { title: string; figures: readonly ReportFigure[] }): string {
  return `<h2>${escaped(title)}</h2>\n<div class="figures">\n${figures.map(figure).join('\n')}\n</div>`;
}

function figure({ title, caption, type, bytes, narrow, kind }: ReportFigure): string {
  const [name, text] = [escaped(title), escaped(caption)];
  const image = `<img class="${kind}" alt="${name}" src="${dataUrl(type, bytes)}">`;
  const shown =
    narrow === undefined
      ? image
      : `<picture><source media="${NARROW_PAGE}" srcset="${dataUrl(type, narrow)}">${image}</picture>`;
  return `<figure>${shown}<figcaption><b>${name}.</b> ${text}</figcaption></figure>`;
}

function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;
}

/** Characters of a cell from which on it is wrapped. */
const LONG = 32;

/** The class of cells that are text rather than numbers. */
const longClass = (text: string) => (text.length > LONG ? ' class="long"' : '');

function numbers({ title, headings, rows, note }: ReportTable): string {
  const head = headings.map((heading) => `<th scope="col"${longClass(heading)}>${escaped(heading)}</th>`).join('');
  const row = ([first = '', ...rest]: readonly string[]) =>
    `<tr><th scope="row">${escaped(first)}</th>${rest.map((cell) => `<td${longClass(cell)}>${escaped(cell)}</td>`).join('')}</tr>`;
  return `<h2>${escaped(title)}</h2>
<div class="scroll"><table class="numbers"><thead><tr>${head}</tr></thead><tbody>
${rows.map(row).join('\n')}
</tbody></table></div>${note === undefined ? '' : `\n<p class="note">${escaped(note)}</p>`}`;
}

function configuration({ preset, settings }: ReportContent): string {
  if (preset === undefined || settings === undefined) return '';
  const changed = settings.filter((setting) => setting.preset !== undefined).length;
  const differences =
    changed === 0 ? 'no differences' : changed === 1 ? '1 difference, marked' : `${changed} differences, marked`;
  const row = ({ name, value, preset: theirs }: ReportSetting) =>
    `<tr${theirs === undefined ? '' : ' class="changed"'}><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td>` +
    `<td>${theirs === undefined ? '' : `<span class="theirs">preset: </span>${escaped(theirs)}`}</td></tr>`;
  return `<h2>Configuration</h2>
<p class="note">Preset ${escaped(preset)}: ${differences}.</p>
<div class="scroll"><table class="settings"><thead><tr><th scope="col">setting</th><th scope="col">value</th><th scope="col">in the preset</th></tr></thead><tbody>
${settings.map(row).join('\n')}
</tbody></table></div>
`;
}
