/** @file `npm start`: the four commands one after the other on the built-in pictures, as a user would type them. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const out = join('runs', 'demo');
const picture = join(out, 'picture.png');
const commands = [
  `gan-train --out ${out} --image-size 32 --ngf 32 --ndf 32 --batch-size 32 --lr 0.001 --steps 1500 --sample-every 250 --log-every 100`,
  `gan-export --onnx --run ${out}`,
  `gan-sample --model ${join(out, 'onnx', 'generator.onnx')} --count 64 --grid 8x8 --out ${join(out, 'samples.png')}`,
  `gan-sample --model ${join(out, 'onnx', 'generator.onnx')} --interpolate --keyframes 6 --frames 96 --loop --out ${join(out, 'interpolation')}`,
  `gan-gradcam ${picture} --model ${join(out, 'onnx', 'discriminator.onnx')} --layer last-conv --out ${join(out, 'gradcam')}`,
];

const started = performance.now();
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
for (const command of commands) {
  if (command.startsWith('gan-gradcam')) await writeExamplePicture();
  await run(command);
}
console.log(`\nDone in ${Math.round((performance.now() - started) / 1000)} s. Files:`);
for (const file of await filesUnder(out)) console.log(`  ${file}`);

/** Runs one of the commands; ends this process with its exit code if it fails. */
function run(command: string): Promise<void> {
  console.log(`\n$ ${command}`);
  const [name, ...options] = command.split(' ');
  const script = fileURLToPath(new URL(`../${name}.js`, import.meta.url));
  return new Promise((resolve) => {
    spawn(process.execPath, [script, ...options], { stdio: 'inherit' }).on('exit', (code) =>
      code === 0 ? resolve() : process.exit(code ?? 1),
    );
  });
}

/** A space picture that was not trained on. */
async function writeExamplePicture(): Promise<void> {
  const { spacePicture } = await import('ganscope/trainer');
  const { encodePng } = await import('ganscope/inference');
  await writeFile(picture, await encodePng(spacePicture(128, 1, 12)));
}

/** The files under a folder; a checkpoint and a folder of frames are one line each. */
async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const shown = files.map((file) => file.replace(/(checkpoints.step-\d+|frames).*$/, join('$1', '*')));
  return [...new Set(shown)].toSorted();
}
