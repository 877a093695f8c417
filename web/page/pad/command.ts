/** @file The command line that makes what the page shows. */
import type { RunInfo } from '../../server/runs.node.js';
import { recipeText, type Recipe } from '../engine/recipe.js';

/** A word of a command line, quoted for a shell where it has to be. */
const quoted = (word: string) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The generator of a run, of the package, or of a file that the user brought. */
export interface Model {
  run: string;
  name: string;
  isOwn?: boolean;
  checkpoint?: string | undefined;
  /** The class of a conditional one. */
  label?: number | undefined;
}

function modelWords({ label, ...model }: Model): string[] {
  return [...fileWords(model), ...(label === undefined ? [] : ['--label', `number:${label}`])];
}

function fileWords({ run, name, isOwn, checkpoint }: Model): string[] {
  if (isOwn) return ['--model', name];
  return run === '' ? [] : ['--model', `runs/${run}/onnx/${checkpoint === undefined ? name : 'generator.onnx'}`];
}

/**
 * The generator as commands find it. gan-sample takes runs by their place in runs/, and the latest of them where none is named: the
 * page's own generator, where there are runs, and that of a run elsewhere have to be files, which the page exports.
 */
export function foundModel(model: Model, runs: readonly Pick<RunInfo, 'name' | 'elsewhere'>[]): Model {
  const isElsewhere = runs.some(({ name, elsewhere }) => name === model.run && elsewhere === true);
  const isExported = !model.isOwn && (model.run === '' ? runs.length > 0 : isElsewhere);
  return isExported ? { ...model, name: 'generator.onnx', isOwn: true } : model;
}

/** The command that writes the generator first, where the run has no exported networks; empty elsewhere. */
export function exportCommand({ run, isOwn, checkpoint }: Model): string {
  if (isOwn || checkpoint === undefined) return '';
  const words = ['--run', `runs/${run}`, '--checkpoint', `runs/${run}/checkpoints/${checkpoint}`];
  return ['gan-export', '--onnx', ...words].map(quoted).join(' ');
}

/** The command for one point: by its seed, or by the file of its latent, which the page exports as `point.npy`. */
export function pictureCommand(recipe: Recipe, model: Model): string {
  const text = recipeText(recipe);
  const words = /^\d+$/.test(text) ? ['--seeds', text] : ['--latents', 'point.npy'];
  return ['gan-sample', ...modelWords(model), ...words, '--format', 'png', '--out', 'point'].map(quoted).join(' ');
}

/** The command for a loop through places, whose latents the page exports as `places.npy`. */
export function animationCommand(frames: number, fps: number, model: Model): string {
  const words = [
    '--interpolate',
    'slerp',
    '--keyframes',
    'places.npy',
    '--loop',
    '--frames',
    `${frames}`,
    '--fps',
    `${fps}`,
  ];
  return ['gan-sample', ...modelWords(model), ...words, '--out', 'walk.webp'].map(quoted).join(' ');
}
