#!/usr/bin/env node
/** @file gan-sample: pictures of a generator as a grid, or a walk through its latents as an animation. */
import { runCommand } from './command.js';
import { progressBar } from './progress.js';

await runCommand(
  'gan-sample',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nMakes pictures with a generator: a grid, or with --interpolate an animation, its frames and a filmstrip. ' +
          'A seed gives the same latent everywhere. Existing files of the same name are replaced.',
      )
      .options({
        model: { type: 'string', describe: 'Generator, an .onnx file [default: the latest export]' },
        out: {
          type: 'string',
          describe:
            'A file (.png; with --interpolate .webp or .gif) or a folder [default: samples.png or interpolation/]',
        },
        seed: { type: 'number', describe: 'First of consecutive seeds [default: 0]' },
        seeds: { type: 'string', describe: 'Seeds, such as 0,1,4-6; instead of --seed and --count or --keyframes' },
        count: { type: 'number', describe: 'Pictures in the grid [default: 64]' },
        grid: { type: 'string', describe: 'Columns × rows of the grid, such as 8x8 [default: nearly square]' },
        interpolate: { type: 'string', describe: 'Walk from latent to latent: slerp (if left empty) or lerp' },
        frames: { type: 'number', describe: 'Frames of the walk [default: 60]' },
        keyframes: { type: 'number', describe: 'Latents the walk goes through [default: 4]' },
        loop: { type: 'boolean', describe: 'Walk back to the first latent, and play endlessly' },
        fps: { type: 'number', describe: 'Frames per second [default: 24]' },
        format: { choices: ['webp', 'gif'] as const, describe: "The animation's format [default: webp]" },
        device: {
          choices: ['auto', 'cuda', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'Where ONNX Runtime computes',
        },
      })
      .example('$0', '64 pictures of the latest generator')
      .example('$0 --seeds 3,14-16 --grid 4x1 --out row.png', 'chosen pictures in a row')
      .example('$0 --interpolate --keyframes 6 --frames 120 --loop', 'an endless walk'),
  async (options) => {
    const { jobLatents, sampleJob } = await import('../inference/sample-job.js');
    const job = sampleJob(options);
    const { chosenModel } = await import('../inference/default-model.node.js');
    const { Generator } = await import('../inference/generator.js');
    const { writeGrid, writeInterpolation } = await import('../inference/output.node.js');
    const { resolvedRun } = await import('../trainer/runs.node.js');

    const run = options.model === undefined ? await resolvedRun().catch(() => undefined) : undefined;
    const { path, note } = await chosenModel('generator', options.model, run);
    console.log(note);
    const generator = await Generator.load(path, { device: options.device });
    for (const line of generator.choice.notes) console.log(line);
    const bar = progressBar('pictures');
    const pictures = await generator
      .pictures(jobLatents(job, generator), { progress_callback: ({ loaded, total }) => bar.update(loaded, total) })
      .finally(() => bar.stop());
    await generator.dispose();
    const files =
      job.kind === 'grid'
        ? await writeGrid(job.out, pictures, job.columns)
        : await writeInterpolation(job.out, pictures, job);
    for (const file of files) console.log(`  ${file}`);
  },
);
