/** @file `ganscope/explain` in Node: what runs everywhere, figures and files. */
export { contactSheetPng } from './contact-sheet.node.js';
export { evaluatedFiles, type EvaluateFilesOptions } from './evaluate-files.node.js';
export { evaluationTable, writeEvaluationPlots } from './evaluation-report.node.js';
export { explainedFiles, type ExplainedFiles, type ExplainFilesOptions, type MapResult } from './explain-files.node.js';
export { figurePng, type FigureMap, type FigureOptions, type FigureRow } from './figure.node.js';
export * from './index.web.js';
export { ExplanationFiles, type ExplainedPicture, type MapFiles } from './output.node.js';
export {
  MAX_HEATMAP_DIFFERENCE,
  selfExplainingPath,
  writeSelfExplaining,
  type SelfExplainingFile,
} from './self-explaining.node.js';
export { loadedLabels, loadedTargets } from './targets.node.js';
