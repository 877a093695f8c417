#!/usr/bin/env node
/** @file gan-eval: how far a run's pictures are from real ones, in the feature space of an ONNX network. */
import { interruption, runCommand } from './command.js';
import { progressBar } from './progress.js';

await runCommand(
  'gan-eval',
  (parser) =>
    parser
      .usage(
        '$0 [RUN] --features MODEL.onnx[:LAYER] [options]\n\nFréchet distance (FID, where the network is Inception) and KID between ' +
          'real pictures and those of a run. Numbers compare only with numbers of the same features and as many pictures.',
      )
      .options({
        features: {
          type: 'string',
          describe:
            'Network whose features are compared, and after a colon a node or value of it; gan-features makes one',
        },
        data: { type: 'string', describe: "Real pictures, as for gan-train [default: the run's]" },
        split: { choices: ['train', 'test', 'all'] as const, describe: "Part of divided data [default: the run's]" },
        strict: {
          type: 'boolean',
          default: false,
          describe: 'Stop at a broken or missing picture instead of skipping it',
        },
        checkpoint: { type: 'string', describe: 'newest, best, or a folder [default: newest]' },
        samples: {
          type: 'number',
          default: 10_000,
          describe: 'Pictures of each kind; of real ones as many as there are',
        },
        mean: {
          type: 'string',
          describe: "Mean of each channel (0…1) [default: the network's metadata, or ImageNet's]",
        },
        std: { type: 'string', describe: 'Standard deviation of each channel' },
        size: { type: 'string', describe: 'Height and width, such as 299, for networks that leave it open' },
        json: { type: 'boolean', default: false, describe: 'Print the result as one line of JSON' },
        device: {
          choices: ['auto', 'cuda', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'Where ONNX Runtime computes',
        },
      })
      .example('$0 --features features.onnx', 'the latest run, by the features of a network made by gan-features')
      .example(
        '$0 runs/birds --features inception.onnx:pool3 --size 299 --mean 0.5 --std 0.5',
        'as FID is usually given',
      ),
  async (options) => {
    const { evaluateRun } = await import('ganscope/trainer');
    const { skippedLines } = await import('./lines.js');
    const { qualityLines } = await import('./quality-lines.js');
    const { parsedPreparation } = await import('ganscope/inference');
    const { InputError } = await import('ganscope/errors');
    const { _: runs, features, samples, checkpoint, data, split, strict, device, size, mean, std } = options;
    if (features === undefined) throw new InputError('--features: expected MODEL.onnx[:LAYER]; gan-features makes one');
    if (runs.length > 1) throw new InputError(`RUN: expected one run; got ${runs.length}`);
    const bar = progressBar('pictures');
    const { row, notes, skipped } = await evaluateRun({
      features,
      samples,
      checkpoint,
      data,
      split,
      strict,
      device,
      preparation: parsedPreparation({ mean, std, size }),
      run: runs[0] === undefined ? undefined : String(runs[0]),
      signal: interruption(),
      progress_callback: (done, total) => bar.update(done, total),
    }).finally(() => bar.stop());
    if (options.json) console.log(JSON.stringify({ ...row, skipped }));
    else for (const line of [...notes, ...qualityLines(row), ...skippedLines(skipped)]) console.log(line);
  },
  { takesFiles: true },
);
