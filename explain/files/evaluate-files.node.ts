/** @file Picture files in, an evaluation out: its plots and results.json. */
import { join } from 'node:path';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import { InputError } from '../../onnx/errors.js';
import { writeFileAtomic } from '../../onnx/files/files.node.js';
import { evaluateMethods, type EvaluatedPicture, type EvaluateOptions, type Evaluation } from '../metrics/evaluate.js';
import { writeEvaluationPlots } from '../figures/evaluation-report.node.js';
import type { ExplainedFiles } from './explain-files.node.js';
import type { ExplainOptions } from '../maps/explain.js';
import { choicePerPicture } from '../targets/target-choice.js';

/** How files are evaluated. */
export interface EvaluateFilesOptions extends EvaluateOptions, Pick<ExplainOptions, 'targets'> {
  /** Folder for what is written. */
  out: string;
  /** What results.json says of how it came about, such as the model's file and the version. */
  provenance?: Readonly<Record<string, unknown>>;
}

/**
 * Evaluates methods over picture files (`evaluateMethods`); writes a plot for each curve and `results.json`. Of several
 * pictures, those that cannot be read are left out and named in the result.
 * @param model an .onnx file
 * @throws InputError if there is no picture that can be read, or an option does not fit the network
 */
export async function evaluateFiles(
  model: string,
  paths: readonly string[],
  { out, provenance, targets: given, ...options }: EvaluateFilesOptions,
): Promise<Pick<ExplainedFiles, 'skipped' | 'files'> & { evaluation: Evaluation }> {
  const targets = choicePerPicture(given, paths.length);
  const skipped: ExplainedFiles['skipped'] = [];
  async function* pictures(): AsyncGenerator<EvaluatedPicture> {
    for (const [i, path] of paths.entries()) {
      const target = targets[i];
      try {
        yield { picture: await decodePicture(path), ...(target !== undefined && { target }) };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        skipped.push({ picture: path, reason: error.message });
      }
    }
  }
  const evaluation = await evaluateMethods(model, pictures(), options);
  if (evaluation.pictures === 0 && skipped[0]) throw new InputError(skipped[0].reason);
  const files = await writeEvaluationPlots(out, evaluation);
  const results = join(out, 'results.json');
  await writeFileAtomic(results, `${JSON.stringify({ ...provenance, evaluation, skipped }, null, 1)}\n`);
  return { evaluation, skipped, files: [...files, results] };
}
