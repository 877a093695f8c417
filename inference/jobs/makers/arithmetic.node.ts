/** @file Draws an arithmetic job as Radford et al. 2016, fig. 7: exemplars above their means, and the result with noise. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../../onnx/files/files.node.js';
import { concatenated } from '../../numeric/concatenated.js';
import {
  evaluated,
  exemplars,
  filesOf,
  surroundings,
  type Expression,
  type LeafLatents,
  type Term,
} from '../../latent/arithmetic.js';
import { loadLatents, saveLatents } from '../../latent/files/latents-file.node.js';
import type { Generator } from '../../networks/generator.js';
import type { Picture } from '../../pictures/pictures.js';
import { sheetPng, type SheetCell } from '../../figures/sheet.node.js';
import { jobPictures, type JobContext } from '../shared/context.node.js';
import type { ArithmeticJob } from '../kinds/arithmetic.js';
import { namesFile } from '../options/checks.js';

/** Exemplars that a column shows. */
const MAX_EXEMPLARS = 6;

/** Writes the figure as PNG; an existing file is replaced. Saved latents are the result, [1, Z]. Returns the file. */
export async function writeArithmetic(job: ArithmeticJob, context: JobContext): Promise<string[]> {
  const { generator, record } = context;
  const file = namesFile(job.out, ['.png']) ? job.out : join(job.out, 'arithmetic.png');
  const leaves = await leafLatents(job, generator);
  const terms = termsOf(job.expression, job.text);
  const columns = terms.map(({ value }) => ({
    members: exemplars(value, leaves).slice(0, MAX_EXEMPLARS),
    latent: evaluated(value, leaves),
  }));
  const result = evaluated(job.expression, leaves);
  if (job.saveLatents !== undefined) await saveLatents(job.saveLatents, result, generator.latentDim);
  const shown = columns.flatMap(({ members, latent }) => [...members.map((member) => member.latent), latent]);
  const latents = concatenated([...shown, surroundings(result, job.noise, job.seed)]);
  const pictures = await jobPictures({ saveLatents: undefined }, latents, 'arithmetic', context);

  let used = 0;
  const drawn = columns.map(({ members }, index): Column => {
    const own = pictures.slice(used, used + members.length + 1);
    used += own.length;
    const captions = [...members.map(({ label }) => label), (terms[index] as Term).text];
    return { sign: signOf(terms[index] as Term, index), pictures: own, captions };
  });
  await writeFileAtomic(file, sheetPng(sheet(drawn, pictures.slice(used), job.text)));
  record?.({ index: 0, file, expression: job.text });
  return [file];
}

interface Column {
  /** The operator before the column, if one is shown. */
  sign: string | undefined;
  /** Exemplars, then their mean. */
  pictures: readonly Picture[];
  captions: readonly string[];
}

/** The parts of the expression that get a column: the terms of the outermost sum, or the whole. */
function termsOf(expression: Expression, text: string): readonly Term[] {
  return expression.kind === 'sum' ? expression.terms : [{ sign: 1, text, value: expression }];
}

function signOf({ sign }: Term, index: number): string | undefined {
  if (sign === -1) return '−';
  return index === 0 ? undefined : '+';
}

/** Columns with their operators, `=` and the 3×3 result, aligned at the bottom; the means' row is the last. */
function sheet(columns: readonly Column[], result: readonly Picture[], title: string) {
  const height = Math.max(3, ...columns.map(({ pictures }) => pictures.length));
  const blank = (): SheetCell[] => Array.from({ length: height }, () => ({}));
  const bottom = (cells: readonly SheetCell[]) => [...blank().slice(cells.length), ...cells];
  const lines: SheetCell[][] = [];
  for (const { sign, pictures, captions } of columns) {
    if (sign !== undefined) lines.push(bottom([{ sign }]));
    lines.push(bottom(pictures.map((picture, i) => ({ picture, caption: captions[i] ?? '' }))));
  }
  lines.push(bottom([{ sign: '=' }]));
  for (let column = 0; column < 3; column++) {
    lines.push(bottom([0, 1, 2].map((row) => ({ picture: result[3 * row + column] as Picture }))));
  }
  const cells = Array.from({ length: height }, (_, row) => lines.map((line) => line[row] as SheetCell)).flat();
  return { cells, columns: lines.length, title };
}

async function leafLatents({ expression, truncation }: ArithmeticJob, generator: Generator): Promise<LeafLatents> {
  const { latentDim } = generator;
  const loading = filesOf(expression).map(async (path) => [path, await loadLatents(path, latentDim)] as const);
  const files = new Map(await Promise.all(loading));
  return {
    latentDim,
    seed: (seed) => generator.latents([seed], truncation),
    file: (path) => files.get(path) as Float32Array,
  };
}
