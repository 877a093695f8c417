#!/usr/bin/env node
/** @file gan-features: trains a small classifier on pictures with classes or without, as a feature network for gan-eval. */
import './common/node-version.js';
import { runCommand } from './command.js';
import { deviceOption, strictOption } from './common/options.js';

await runCommand(
  'gan-features',
  (parser) =>
    parser
      .usage(
        '$0 --data DIR [options]\n\nTrains a small convolutional classifier on labelled pictures, or without labels with --self-supervised, and writes it as an .onnx file ' +
          'with the outputs logits (embedding with views) and features, for --features of gan-eval and gan-train.',
      )
      .options({
        data: {
          type: 'string',
          describe: 'Pictures, as for gan-train; with classes (class folders, MNIST files, …) unless --self-supervised',
        },
        split: {
          choices: ['train', 'val', 'test', 'all'] as const,
          describe: 'Split of the data set to use [default: all]',
        },
        classes: {
          type: 'string',
          describe: 'Classes by name, or by the number that names begin with, separated by commas [default: all]',
        },
        'follow-links': { type: 'boolean', default: false, describe: 'Follow links that lead out of the given folder' },
        'self-supervised': {
          choices: ['rotations', 'views'] as const,
          describe:
            'Learn without classes: to tell how pictures were turned, or to recognise them in random parts and other light',
        },
        strict: strictOption,
        out: { type: 'string', default: 'features.onnx', describe: 'Output file; replaced if it exists' },
        'image-size': { type: 'number', default: 32, describe: 'Height and width: 16, 32, 64, 128 or 256' },
        width: {
          type: 'number',
          default: 32,
          describe: 'Channels of the first stage; each later stage has twice as many',
        },
        epochs: { type: 'number', default: 8, describe: 'Passes over the pictures' },
        'batch-size': { type: 'number', default: 64, describe: 'Pictures per update' },
        lr: { type: 'number', default: 0.002, describe: 'Initial learning rate of Adam; it falls to zero' },
        'held-out': {
          type: 'number',
          default: 0.1,
          describe: 'Fraction of the pictures that is held out to measure accuracy',
        },
        seed: { type: 'number', default: 0, describe: 'Seed of weights, order and held-out pictures' },
        device: deviceOption,
      })
      .example('$0 --data mnist --out digits.onnx', 'features of digits')
      .example('$0 --data photos --self-supervised views', 'features of pictures without classes')
      .example('$0 --data birds --image-size 64 --epochs 30', 'features of pictures in class folders'),
  async (options, { print, signal, progress, note, device: showDevice, skipped }) => {
    const { expectWritable, InputError, saveModel } = await import('ganscope/onnx');
    if (options.data === undefined) throw new InputError('--data: expected pictures; got nothing');
    const { runSettings } = await import('ganscope/trainer/settings');
    const { resolveDevice } = await import('ganscope/inference');
    const { openDataset, trainFeatures } = await import('ganscope/trainer');
    const { assumptionLines } = await import('./common/lines.js');
    await expectWritable(options.out, 'out');
    const { imageSize, split, classes, followLinks } = options;
    const dataset = await openDataset(options.data, {
      imageSize,
      split,
      followLinks,
      classes: runSettings.classes.meant?.(classes) as string[] | undefined,
    });
    note('This training cannot be resumed: if it is stopped, nothing is written.');
    const choice = await resolveDevice(options.device);
    print.info(`Pictures: ${dataset.name}`);
    showDevice(choice);
    const bars = { reading: progress('pictures'), training: progress('steps') };
    const result = await trainFeatures({
      ...options,
      dataset,
      device: choice.device,
      signal,
      assumed: (assumptions) => assumptionLines(assumptions).forEach(note),
      progress_callback: ({ phase, done, total, loss }) => {
        if (phase === 'training') bars.reading.stop();
        bars[phase].update(done, total, loss === undefined ? '' : `loss ${loss.toFixed(4)}`);
      },
    }).finally(() => Object.values(bars).forEach((bar) => bar.stop()));
    await saveModel(options.out, result.bytes);
    const { length } = result.classes;
    const told = {
      rotations: `in ${length} rotations; accuracy`,
      views: 'in random views; recognised',
      classes: `of ${length} classes; accuracy`,
    }[options.selfSupervised ?? 'classes'];
    print.info(
      `Trained on ${result.trained} pictures ${told} ${(100 * result.accuracy).toFixed(2)} % on ${result.heldOut} held-out pictures`,
    );
    print.info(`  ${options.out}  ${result.features} features, ${(result.bytes.length / 2 ** 20).toFixed(1)} MiB`);
    skipped(result.skipped);
  },
);
