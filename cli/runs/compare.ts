/** @file gan-runs compare: numbers and settings in the terminal, curves and pictures in a file. */
import type { ComparisonTable } from 'ganscope/trainer/runs';
import { UsageError } from '../common/errors.js';
import type { Printer } from '../common/print.js';
import type { RunsPlace } from './list.js';

/** Compares runs. With --json and without --out no file is written. */
export async function compareRuns(
  words: readonly string[],
  { runs: folder, json, out }: RunsPlace & { out?: string | undefined },
  { print }: { print: Printer },
): Promise<void> {
  const { comparedRuns, findRun, formatOf, MOST_COMPARED, textTable, writeComparison } =
    await import('ganscope/trainer/runs');
  if (json) print.dataOnly();
  if (words.length < 2 || words.length > MOST_COMPARED)
    throw new UsageError(`compare: expected 2 to ${MOST_COMPARED} runs; got ${words.length}`);
  const file = out ?? (json ? undefined : 'comparison.html');
  if (file !== undefined) formatOf(file);
  const infos = [];
  for (const word of words) infos.push(await findRun(word, folder));
  if (new Set(infos.map((info) => info.folder)).size < infos.length)
    throw new UsageError('compare: expected each run once');
  const comparison = await comparedRuns(infos);
  const { numbers, settings } = comparison;
  const asLines = ({ headings, rows }: ComparisonTable) => textTable([headings, ...rows]).join('\n');
  if (json) print.data(JSON.stringify({ runs: infos, numbers, settings }, null, 2));
  else {
    print.result(asLines(numbers), { runs: infos });
    if (settings.rows.length === 0) print.info('The settings of these runs are the same.');
    else print.result(`\nSettings that differ:\n${asLines(settings)}`, { settings });
  }
  if (file === undefined) return;
  await writeComparison(comparison, file);
  print.info(`  ${file}`);
}
