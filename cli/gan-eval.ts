#!/usr/bin/env node
/** @file gan-eval: distances between generated and real pictures in the feature space of an ONNX network. */
import './node-version.js';
import { runCommand } from './command.js';
import { deviceOption, preparationOptions, strictOption } from './common/options.js';

await runCommand(
  'gan-eval',
  (parser) =>
    parser
      .usage(
        '$0 [SET] [SET] --features MODEL.onnx[:LAYER] [options]\n\nMeasures the Fréchet distance (FID, if the network is Inception) and KID between ' +
          'two sets of pictures. A set is a run, a generator.onnx, or a folder or .zip of pictures. One run alone is compared with the pictures ' +
          'it was trained on. Numbers can only be compared if features and numbers of pictures are the same.',
      )
      .options({
        features: {
          type: 'string',
          describe: 'Feature network, and after a colon the name of a node or value; gan-features trains one',
        },
        data: { type: 'string', describe: "Real pictures, as a second set [default: the run's]" },
        split: {
          choices: ['train', 'val', 'test', 'all'] as const,
          describe: "Split of the data set to use [default: the run's]",
        },
        'follow-links': { type: 'boolean', default: false, describe: 'Follow links that lead out of the given folder' },
        strict: strictOption,
        checkpoint: {
          type: 'string',
          describe: 'newest, best (marked by gan-train --eval), or a folder [default: newest]',
        },
        samples: {
          type: 'number',
          default: 10_000,
          describe: 'Number of generated and, at most, of real pictures',
        },
        'subset-size': {
          type: 'number',
          describe: 'Pictures in each subset of KID [default: 1000, or half of a smaller set]',
        },
        ...preparationOptions,
        range: {
          type: 'string',
          describe:
            "Numbers of black and white in a generator's output, such as 0,1 [default: from the model, or -1,1]",
        },
        'latent-dim': { type: 'number', describe: 'Numbers per latent, if a generator does not fix them' },
        label: { type: 'string', describe: 'Class of a conditional generator: a number, or random' },
        json: { type: 'boolean', default: false, describe: 'Print the result as one line of JSON' },
        device: deviceOption,
      })
      .example('$0 --features features.onnx', 'the latest run, with a network of gan-features')
      .example('$0 generator.onnx birds.zip --features features.onnx', 'any generator against a folder or .zip')
      .example('$0 runs/birds --features inception.onnx:pool3 --size 299 --mean 0.5 --std 0.5', 'FID'),
  async (options, { print, signal, progress, note, device: showDevice, skipped: showSkipped }) => {
    const { comparePictures, evaluateRun } = await import('ganscope/trainer');
    const { comparisonLines, qualityLines } = await import('./common/quality-lines.js');
    const { isRun, parsedLabel, parsedPreparation, parsedRange } = await import('ganscope/inference');
    const { InputError } = await import('ganscope/errors');
    const { assumptionLines } = await import('./common/lines.js');
    const { features, samples, subsetSize, checkpoint, data, split, strict, followLinks, device } = options;
    const { range, latentDim, label } = options;
    if (features === undefined) throw new InputError('--features: expected MODEL.onnx[:LAYER]; gan-features makes one');
    const sets = [...options._.map(String), ...(data !== undefined && options._.length > 0 ? [data] : [])];
    if (sets.length > 2)
      throw new InputError(`SET: expected at most two sets of pictures, --data included; got ${sets.length}`);
    const forGenerators = Object.entries({ range, 'latent-dim': latentDim, label }).find(
      ([, value]) => value !== undefined,
    );
    if (forGenerators && !sets.some((set) => /\.onnx$/i.test(set)))
      throw new InputError(`--${forGenerators[0]}: expected a generator's .onnx file as a set; got none`);
    if (options.json) print.dataOnly();
    note('An evaluation cannot be resumed: if it is stopped, it starts again.');
    const bar = progress('pictures');
    const settings = {
      features,
      samples,
      subsetSize,
      checkpoint,
      split,
      strict,
      followLinks,
      device,
      preparation: parsedPreparation(options),
      generator: {
        ...(range !== undefined && { range: parsedRange(range) }),
        ...(latentDim !== undefined && { latentDim }),
        ...(label !== undefined && { label: parsedLabel(label) }),
      },
      signal,
      progress_callback: (done: number, total: number) => bar.update(done, total),
    };
    const [first, second] = sets;
    // A run that is compared with other pictures is evaluated as it is while training.
    const isOfRun = first === undefined || (await isRun(first));
    if (second !== undefined && first !== undefined && !(isOfRun && data !== undefined)) {
      const { comparison, notes, choice, skipped } = await comparePictures([first, second], settings).finally(() =>
        bar.stop(),
      );
      showDevice(choice);
      for (const line of [...notes, ...assumptionLines(comparison.assumed)]) note(line);
      if (options.json) print.data(JSON.stringify({ ...comparison, skipped }));
      else print.result(comparisonLines(comparison).join('\n'), { ...comparison, skipped });
      showSkipped(skipped);
      return;
    }
    if (!isOfRun) {
      throw new InputError(
        `${first}: expected the folder of a run, or a second set of pictures to compare with; got neither`,
      );
    }
    const { row, assumed, notes, choice, skipped } = await evaluateRun({ ...settings, data, run: first }).finally(() =>
      bar.stop(),
    );
    showDevice(choice);
    for (const line of [...notes, ...assumptionLines(assumed)]) note(line);
    if (options.json) print.data(JSON.stringify({ ...row, assumed, skipped }));
    else print.result(qualityLines(row).join('\n'), { ...row, assumed, skipped });
    showSkipped(skipped);
  },
  { takesFiles: true },
);
