/** @file The files that a job of explanations reads besides its pictures, and the network that is made of them. */
import type { LabelOptions } from '../../inference/labels/given-label.js';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import type { ResolvedDevice } from '../../inference/runtime/session.js';
import type { Device } from '../../inference/runtime/session.js';
import { inputFiles, placedInputs } from '../../inference/tasks/shared/given-inputs.node.js';
import { expectFiles, modelFiles, placedFile } from '../../inference/tasks/shared/model-files.node.js';
import type { JobFile } from '../../inference/tasks/spec.node.js';
import { Explainer } from '../maps/explain.js';
import { loadInputs, loadLabels, loadTargets } from '../targets/targets.node.js';
import { eachOf, type TargetChoice } from '../targets/target-choice.js';
import type { ExplainTexts, ParsedExplain } from './texts.js';

/** Roles of a job's files. */
export const MODEL = 'model';
export const PICTURES = 'pictures';
const LABELS = 'labels';
const SIMILAR = 'similar picture';

/** Each file that the options name, by its role; options never say paths to whoever runs the job. */
function namedFiles({ targets = [], inputs, similarTo }: ParsedExplain): Record<string, string> {
  const masks = targets.flatMap((target, i) =>
    eachOf(target).flatMap((one, at) =>
      typeof one === 'object' && 'maskFile' in one ? [[maskRole(i, at), one.maskFile] as const] : [],
    ),
  );
  return {
    ...Object.fromEntries(masks),
    ...inputFiles(inputs),
    ...(similarTo !== undefined && { [SIMILAR]: similarTo }),
  };
}

/** The mask of a picture's target, or of a further one. */
const maskRole = (index: number, at: number) => (at === 0 ? `mask ${index}` : `mask ${index} ${at}`);

/** The files of a job. @throws InputError if one cannot be read */
export async function explainJobFiles(model: string, labels: string | undefined, parsed: ParsedExplain) {
  const files = await modelFiles(MODEL, model);
  const named = { ...(labels !== undefined && { [LABELS]: labels }), ...namedFiles(parsed) };
  for (const [role, path] of Object.entries(named)) files.push(await placedFile(role, path));
  return files;
}

/** @throws InputError for files that the options do not name, or options that name files which are not there */
export function expectJobFiles(files: readonly JobFile[], parsed: ParsedExplain): Promise<void> {
  return expectFiles(files, [MODEL], [PICTURES, ...Object.keys(namedFiles(parsed))], [LABELS]);
}

/** The network of a job and the targets of its pictures. */
export interface LoadedExplain {
  explainer: Explainer;
  targets: TargetChoice[] | undefined;
}

/**
 * Loads the network with what the options say of it, from the files of the job. Dispose of the explainer when done.
 * @param defaultLabel gives the class of a conditional discriminator where the options do not
 */
export async function loadedExplain(
  files: readonly JobFile[],
  { output, explainInput, label, randomWeights, afterSoftmax = false }: ExplainTexts,
  { inputs, preparation, targets, similarTo }: ParsedExplain,
  device: Device | ResolvedDevice,
  defaultLabel?: LabelOptions['defaultLabel'],
): Promise<LoadedExplain> {
  const fileFor = (role: string) => files.find((file) => file.role === role)?.path;
  const labels = fileFor(LABELS);
  const explainer = await Explainer.load(fileFor(MODEL) ?? '', {
    device,
    sharesCores: true,
    preparation,
    inputs: await loadInputs(placedInputs(inputs, files)),
    ...(explainInput !== undefined && { explainInput }),
    ...(label !== undefined && { label }),
    ...(defaultLabel && { defaultLabel }),
    ...(output !== undefined && { output }),
    ...(labels !== undefined && { labels: await loadLabels(labels) }),
    ...(randomWeights !== undefined && { randomWeights }),
    ...(afterSoftmax && { afterSoftmax }),
    ...(similarTo !== undefined && { similarTo: await decodePicture(fileFor(SIMILAR) ?? similarTo) }),
  });
  try {
    const masks = (target: number, joined: number) => fileFor(maskRole(target, joined));
    return { explainer, targets: await loadTargets(targets, explainer.input, masks) };
  } catch (error) {
    await explainer.dispose();
    throw error;
  }
}
