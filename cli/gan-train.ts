#!/usr/bin/env node
/** @file gan-train: trains a DCGAN on a folder of pictures or on the built-in space pictures. */
import type { TrainProgress } from '../trainer/loop.node.js';
import { runCommand } from './command.js';
import { progressBar } from './progress.js';

await runCommand(
  'gan-train',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nTrains a DCGAN. Without --data it trains on built-in pictures of stars, planets and galaxies.',
      )
      .options({
        data: { type: 'string', describe: 'Folder of pictures, with or without class folders, or of MNIST files' },
        split: { choices: ['train', 'test', 'all'] as const, describe: 'Part of divided data [default: all]' },
        classes: { type: 'string', describe: 'Names or numbers of classes, with commas between [default: all]' },
        preset: {
          choices: ['space', 'cub200', 'fashion-mnist', 'pokemon'] as const,
          describe: 'Hyper-parameters of a known system [default: space]',
        },
        out: { type: 'string', describe: 'Folder of the run [default: runs/<date>-<preset>]' },
        steps: { type: 'number', describe: 'Updates in all, instead of --epochs' },
        epochs: { type: 'number', describe: 'Passes over the pictures' },
        'batch-size': { type: 'number', describe: 'Pictures per update' },
        'image-size': { type: 'number', describe: 'Height and width: 8, 16, 32, 64, 128, …' },
        ngf: { type: 'number', describe: "Channels of the generator's last hidden stage" },
        ndf: { type: 'number', describe: "Channels of the discriminator's first stage" },
        'latent-dim': { type: 'number', describe: 'Size of a latent' },
        lr: {
          type: 'number',
          describe:
            "Adam learning rate of the generator; the discriminator's keeps the preset's ratio to it unless --lr-d is given",
        },
        'lr-d': { type: 'number', describe: 'Adam learning rate of the discriminator' },
        beta1: { type: 'number', describe: "Adam's β1" },
        head: { choices: ['dense', 'conv'] as const, describe: "The discriminator's last layer" },
        seed: { type: 'number', describe: 'Seed of weights, latents and order of pictures' },
        backend: {
          choices: ['auto', 'onnxruntime', 'tensorflow', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'What computes a step: ONNX Runtime (auto), or tfjs on TensorFlow, WebGPU or plain JavaScript',
        },
        device: {
          choices: ['auto', 'cuda', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'Where ONNX Runtime computes',
        },
        resume: { type: 'string', describe: 'Go on with a run: its folder, or nothing for the latest' },
        'log-every': { type: 'number', default: 50, describe: 'Steps between log lines' },
        'sample-every': { type: 'number', default: 500, describe: 'Steps between sample grids' },
        'checkpoint-every': { type: 'number', default: 500, describe: 'Steps between checkpoints' },
      })
      .example('$0', 'train on the built-in space pictures')
      .example('$0 --data birds --batch-size 64 --lr 0.0002 --steps 5000', 'train on your own pictures')
      .example('$0 --resume', 'go on with the latest run'),
  async (options) => {
    const { startedRun } = await import('../trainer/run.node.js');
    const { train } = await import('../trainer/loop.node.js');
    const bar = progressBar('steps');
    const { run, notes, ...job } = await startedRun(
      { ...options, classes: options.classes?.split(',') },
      (loaded, total) => bar.update(loaded, total, 'reading pictures'),
    );
    bar.stop();
    for (const note of notes) console.log(note);
    const stop = new AbortController();
    process.on('SIGINT', () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
      bar.log('Stopping after this step; press Ctrl-C again to quit without saving.');
    });
    const { done, files } = await train({
      ...job,
      run,
      sampleEvery: options.sampleEvery,
      checkpointEvery: options.checkpointEvery,
      signal: stop.signal,
      progress_callback: (progress) => {
        const { row, steps, picturesPerSecond } = progress;
        if (row.step === 1 || row.step % options.logEvery === 0) bar.log(logLine(progress));
        bar.update(row.step, steps, `${picturesPerSecond.toFixed(1)} pictures/s`);
      },
    });
    bar.stop();
    await job.step.dispose();
    for (const name of job.loader.skipped) console.log(`skipped ${name}`);
    console.log(
      done < job.steps
        ? `Stopped after ${done} of ${job.steps} steps. Go on with: gan-train --resume ${run}`
        : `Trained ${done} steps.`,
    );
    for (const file of ['config.json', 'metrics.jsonl', 'samples/', 'checkpoints/', ...files])
      console.log(`  ${run}/${file}`);
  },
);

/** The seeds' log line. */
function logLine({ row, steps, stepsPerEpoch }: TrainProgress): string {
  const f = (value: number) => value.toFixed(4);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  return (
    `[${row.epoch}/${epochs}][${(row.step - 1) % stepsPerEpoch}/${stepsPerEpoch}]\tLoss_D: ${f(row.lossD)}\tLoss_G: ${f(row.lossG)}` +
    `\tD(x): ${f(row.dReal)}\tD(G(z)): ${f(row.dFakeBefore)} / ${f(row.dFakeAfter)}`
  );
}
