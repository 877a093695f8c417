/** @file `ganscope/explain` in Node: what runs everywhere, figures and files. */
export { contactSheetPng } from './figures/contact-sheet.node.js';
export { evaluateFiles, type EvaluateFilesOptions } from './files/evaluate-files.node.js';
export { evaluationTable, writeEvaluationPlots } from './figures/evaluation-report.node.js';
export {
  explainFiles,
  type ExplainedFiles,
  type ExplainFilesOptions,
  type MapResult,
} from './files/explain-files.node.js';
export { figurePng, type FigureMap, type FigureOptions, type FigureRow } from './figures/figure.node.js';
export * from './index.web.js';
export { ExplanationFiles, type ExplainedPicture, type MapFiles } from './files/output.node.js';
export {
  MAX_HEATMAP_DIFFERENCE,
  selfExplainingPath,
  writeSelfExplaining,
  type SelfExplainingFile,
} from './self-explaining/self-explaining.node.js';
export { loadLabels, loadTargets } from './targets/targets.node.js';
