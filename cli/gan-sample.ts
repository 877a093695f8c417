#!/usr/bin/env node
/** @file gan-sample: pictures of a generator as a grid, or a walk through its latents as an animation. */
import { interruption, runCommand } from './command.js';
import { progressBar } from './progress.js';

await runCommand(
  'gan-sample',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nMakes pictures with a generator: a grid; with --format any number of files; with --interpolate an animation, ' +
          'its frames and a filmstrip. ' +
          'A seed gives the same latent everywhere. Existing files of the same name are replaced.',
      )
      .options({
        model: { type: 'string', describe: 'Generator, an .onnx file [default: the latest export]' },
        out: {
          type: 'string',
          describe: 'A file or a folder [default: samples.png, samples/ with --format, interpolation/]',
        },
        seed: { type: 'number', describe: 'First of consecutive seeds [default: 0]' },
        seeds: { type: 'string', describe: 'Seeds, such as 0,1,4-6; instead of --seed and --count' },
        latents: { type: 'string', describe: 'A .npy or .json file of latents [N, Z]; instead of seeds' },
        'save-latents': { type: 'string', describe: 'A .npy or .json file for the latents of the pictures' },
        truncation: {
          type: 'number',
          describe: "Draw numbers of a seed's latent above this magnitude again (BigGAN's truncated normal)",
        },
        count: { type: 'number', describe: 'Pictures [default: 64]' },
        grid: { type: 'string', describe: 'Columns × rows of the grid, such as 8x8 [default: nearly square]' },
        labels: { type: 'boolean', describe: "Each picture's seed under it" },
        format: {
          type: 'string',
          describe: 'Pictures in sub-folders or files of 1000: png, webp, npy or zip; of animations: webp, gif or mp4',
        },
        resume: { type: 'boolean', describe: 'Go on with an interrupted job of --format png, webp, npy or zip' },
        jsonl: {
          type: 'boolean',
          default: false,
          describe: 'A line of JSON per picture to standard output, and only that',
        },
        interpolate: { type: 'string', describe: 'Walk from latent to latent: slerp (if left empty) or lerp' },
        keyframes: {
          type: 'string',
          describe: 'How many latents the walk goes through, their seeds, or a file [default: 4]',
        },
        frames: {
          type: 'number',
          describe: 'Frames of an animation [default: 60]; of --traverse without one, pictures per row [default: 9]',
        },
        loop: { type: 'boolean', describe: 'Walk back to the first latent, and play endlessly' },
        easing: {
          type: 'string',
          describe: 'linear, ease-in, ease-out, ease-in-out or smooth [default: linear; smooth for --traverse]',
        },
        corners: {
          type: 'string',
          describe: 'Grid between four seeds (or a file): top left, top right, then the bottom',
        },
        arithmetic: {
          type: 'string',
          describe: 'Draw "mean(1,2,3) - mean(4,5,6) + mean(7,8,9)": numbers are seeds, file:z.npy latents',
        },
        noise: { type: 'number', describe: 'Uniform noise around the result of --arithmetic [default: 0.25]' },
        traverse: {
          type: 'string',
          describe:
            "Rows along directions: indices of the latent's numbers, principal or principal:1-4; with --format also animated",
        },
        extent: { type: 'number', describe: 'How far --traverse goes to either side [default: 3]' },
        project: { type: 'string', describe: 'A picture: find the latent whose picture is nearest' },
        steps: { type: 'number', describe: 'Updates of --project [default: 300]' },
        restarts: { type: 'number', describe: 'Starts of --project; the best is taken [default: 8]' },
        'learning-rate': { type: 'number', describe: 'Of --project [default: 0.1]' },
        'feature-weight': {
          type: 'number',
          describe: "Weight of the discriminator's features in --project's loss [default: 0, pixels only]",
        },
        sort: { type: 'string', describe: 'score: the pictures that the discriminator finds most real first' },
        keep: {
          type: 'number',
          describe:
            'How many of the sorted pictures [default: all]; unless --count says else, 10 times as many are made',
        },
        real: { type: 'string', describe: 'A folder of pictures: histogram of their scores and of generated ones' },
        discriminator: {
          type: 'string',
          describe: 'Discriminator, an .onnx file [default: discriminator.onnx beside the generator]',
        },
        fps: { type: 'number', describe: 'Frames per second [default: 24]' },
        device: {
          choices: ['auto', 'cuda', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'Where ONNX Runtime computes',
        },
      })
      .example('$0', '64 pictures of the latest generator')
      .example('$0 --seeds 3,14-16 --grid 4x1 --labels --out row.png', 'chosen pictures in a row')
      .example('$0 --count 50000 --format zip --out fakes', 'many pictures, 1000 to a file')
      .example('$0 --interpolate --keyframes 3,7,9 --frames 120 --loop', 'an endless walk'),
  async ({ jsonl, model, device, ...request }) => {
    const { Generator, resolveModel, resolveRun, runJob, sampleJob } = await import('ganscope/inference');
    const job = sampleJob(request);

    const log = jsonl ? console.error : console.log;
    const run = model === undefined ? await resolveRun().catch(() => undefined) : undefined;
    const { path, note } = await resolveModel('generator', model, run);
    log(note);
    const generator = await Generator.load(path, { device });
    for (const line of generator.choice.notes) log(line);
    const bar = progressBar(job.kind === 'projection' ? 'steps' : 'pictures', log);
    const files = await runJob(job, {
      model: path,
      generator,
      log,
      progress: (done, total, text) => bar.update(done, total, text),
      ...(jsonl && { record: (record) => console.log(JSON.stringify(record)) }),
      ...(job.kind === 'shards' && { signal: interruption(() => bar.log('Stopping after these pictures.')) }),
    }).finally(() => bar.stop());
    await generator.dispose();
    for (const file of files) log(`  ${file}`);
  },
);
