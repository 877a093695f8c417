#!/usr/bin/env node
/** @file gan-eval: distances between generated and real pictures in the feature space of an ONNX network. */
import './node-version.js';
import { runCommand } from './command.js';

await runCommand(
  'gan-eval',
  (parser) =>
    parser
      .usage(
        '$0 [RUN] --features MODEL.onnx[:LAYER] [options]\n\nMeasures the Fréchet distance (FID, if the network is Inception) and KID between ' +
          'real pictures and those of a run. Numbers can only be compared if features and numbers of pictures are the same.',
      )
      .options({
        features: {
          type: 'string',
          describe: 'Feature network, and after a colon the name of a node or value; gan-features trains one',
        },
        data: { type: 'string', describe: "Real pictures, as for gan-train [default: the run's]" },
        split: {
          choices: ['train', 'val', 'test', 'all'] as const,
          describe: "Split of the data set to use [default: the run's]",
        },
        strict: {
          type: 'boolean',
          default: false,
          describe: 'Stop at the first broken, missing or skipped file',
        },
        checkpoint: {
          type: 'string',
          describe: 'newest, best (marked by gan-train --eval), or a folder [default: newest]',
        },
        samples: {
          type: 'number',
          default: 10_000,
          describe: 'Number of generated and, at most, of real pictures',
        },
        mean: {
          type: 'string',
          describe: "Per-channel mean, 0…1, that the network expects [default: from its metadata, or ImageNet's]",
        },
        std: { type: 'string', describe: 'Per-channel standard deviation' },
        size: { type: 'string', describe: 'Input height and width, such as 299, if the network leaves it open' },
        json: { type: 'boolean', default: false, describe: 'Print the result as one line of JSON' },
        device: {
          choices: ['auto', 'cuda', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'Where ONNX Runtime computes',
        },
      })
      .example('$0 --features features.onnx', 'the latest run, with a network of gan-features')
      .example('$0 runs/birds --features inception.onnx:pool3 --size 299 --mean 0.5 --std 0.5', 'FID'),
  async (options, { print, signal, progress, note, device: showDevice, skipped: showSkipped }) => {
    const { evaluateRun } = await import('ganscope/trainer');
    const { qualityLines } = await import('./common/quality-lines.js');
    const { parsedPreparation } = await import('ganscope/inference');
    const { InputError } = await import('ganscope/errors');
    const { _: runs, features, samples, checkpoint, data, split, strict, device, size, mean, std } = options;
    if (features === undefined) throw new InputError('--features: expected MODEL.onnx[:LAYER]; gan-features makes one');
    if (runs.length > 1) throw new InputError(`RUN: expected one run; got ${runs.length}`);
    if (options.json) print.dataOnly();
    const bar = progress('pictures');
    const { row, notes, choice, skipped } = await evaluateRun({
      features,
      samples,
      checkpoint,
      data,
      split,
      strict,
      device,
      preparation: parsedPreparation({ mean, std, size }),
      run: runs[0] === undefined ? undefined : String(runs[0]),
      signal,
      progress_callback: (done, total) => bar.update(done, total),
    }).finally(() => bar.stop());
    showDevice(choice);
    for (const line of notes) note(line);
    if (options.json) print.data(JSON.stringify({ ...row, skipped }));
    else print.data(qualityLines(row).join('\n'));
    showSkipped(skipped);
  },
  { takesFiles: true },
);
