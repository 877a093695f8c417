/** @file The command line that makes what the page shows. */
import { recipeText, type Recipe } from '../engine/recipe.js';

/** A word of a command line, quoted for a shell where it has to be. */
const quoted = (word: string) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The generator of a run, or of the package. */
function modelWords(run: string, name: string): string[] {
  return run === '' ? [] : ['--model', `runs/${run}/onnx/${name}`];
}

/** The command for one point: by its seed, or by the file of its latent, which the page exports as `point.npy`. */
export function pictureCommand(recipe: Recipe, run: string, name: string): string {
  const text = recipeText(recipe);
  const words = /^\d+$/.test(text) ? ['--seeds', text] : ['--latents', 'point.npy'];
  return ['gan-sample', ...modelWords(run, name), ...words, '--format', 'png', '--out', 'point'].map(quoted).join(' ');
}

/** The command for a loop through places, whose latents the page exports as `places.npy`. */
export function animationCommand(frames: number, fps: number, run: string, name: string): string {
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
  return ['gan-sample', ...modelWords(run, name), ...words, '--out', 'walk.webp'].map(quoted).join(' ');
}
