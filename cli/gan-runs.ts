#!/usr/bin/env node
/** @file gan-runs: lists runs, compares them, tags and deletes them. */
import './common/node-version.js';
import { runCommand, UsageError } from './command.js';
import { changeTags, deleteRuns } from './runs/change.js';
import { compareRuns } from './runs/compare.js';
import { showRuns } from './runs/list.js';

type Action = 'list' | 'compare' | 'tag' | 'delete';

/** What can be done, and the options that belong to it alone. */
const own: Readonly<Record<Action, readonly string[]>> = {
  list: ['state', 'tag'],
  compare: ['out'],
  tag: ['remove'],
  delete: ['yes'],
};

function actionOf(option: string): string {
  return Object.entries(own).find(([, options]) => options.includes(option))?.[0] ?? '';
}

await runCommand(
  'gan-runs',
  (parser) =>
    parser
      .usage(
        '$0 list|compare|tag|delete [options]\n\nLists runs, compares them, tags and deletes them. A run is named by its folder in runs/, ' +
          'by `latest`, by the name that gan-train --name gave it or, to compare, by a path (docs/runs.md).',
      )
      .options({
        runs: { type: 'string', requiresArg: true, default: 'runs', describe: 'Folder of the runs' },
        json: { type: 'boolean', default: false, describe: 'Print JSON instead of a table' },
        state: {
          choices: ['running', 'finished', 'interrupted', 'failed'],
          group: 'list:',
          describe: 'Only runs in this state',
        },
        tag: { type: 'string', requiresArg: true, group: 'list:', describe: 'Only runs with this tag' },
        out: {
          type: 'string',
          requiresArg: true,
          group: 'compare:',
          describe: 'File: .html, or the curves alone as .png, .svg or .pdf [default: comparison.html]',
        },
        remove: { type: 'boolean', group: 'tag:', describe: 'Remove the tags instead' },
        yes: { type: 'boolean', group: 'delete:', describe: 'Do not ask' },
      })
      .example('$0', 'list the runs in runs/')
      .example('$0 compare first second --out both.html', 'curves over each other, samples, settings that differ')
      .example('$0 tag latest good', 'tag the latest run')
      .example('$0 delete 2026-01-31-101500-space --yes', 'delete a run'),
  async (options, context) => {
    const [action = 'list', ...words] = options._.map(String);
    const { runs, json, state, tag, out, remove, yes } = options;
    const known = Object.hasOwn(own, action) ? own[action as Action] : undefined;
    if (!known) throw new UsageError(`expected one of ${Object.keys(own).join(', ')}; got ${action}`);
    const given = { state, tag, out, remove, yes };
    for (const [name, value] of Object.entries(given))
      if (value !== undefined && !known.some((each) => each === name))
        throw new UsageError(`--${name}: expected it with ${actionOf(name)}; got ${action}`);
    const where = { runs, json };
    if (action === 'list') await showRuns(words, { ...where, state, tag }, context);
    else if (action === 'compare') await compareRuns(words, { ...where, out }, context);
    else if (action === 'tag') await changeTags(words, { ...where, remove: remove === true }, context);
    else await deleteRuns(words, { ...where, yes: yes === true }, context);
  },
  { takesFiles: true },
);
