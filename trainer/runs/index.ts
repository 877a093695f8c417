/** @file `ganscope/trainer/runs`: the runs on disk: listed, compared, tagged, deleted. */
export { deleteRun, tagRun, type DeletedRun } from './change.node.js';
export { writeComparison } from './comparison-page.node.js';
export { comparedRuns, MOST_COMPARED, type ComparisonTable, type RunComparison } from './comparison.node.js';
export { findOwnRun, findRun, listRuns } from './find.node.js';
export { formatOf } from './format.js';
export { type RunInfo, type RunState } from './run-info.node.js';
export { textTable } from './text-table.js';
