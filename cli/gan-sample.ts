#!/usr/bin/env node
/** @file gan-sample: pictures of a generator as a grid, or a walk through its latents as an animation. */
import './common/node-version.js';
import { InputError } from 'ganscope/errors';
import { parsedRequest, sampleOptions } from 'ganscope/inference/options';
import { givenTexts, runCommand } from './command.js';
import { chosenEngine, engineOptions } from './common/engine.js';
import { generatorFlags } from './parse/generator-flags.js';
import { told } from './common/flag-names.js';
import { deviceOption } from './common/options.js';
import { Fetched, S3_HELP, SET_FILE } from './storage/fetched.js';
import { flagsOf } from './parse/sample-flags.js';

await runCommand(
  'gan-sample',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nMakes pictures with a generator: by default a grid, with --format any number of files, with --interpolate ' +
          'an animation with its frames and a filmstrip. ' +
          'A seed always gives the same latent. Existing files of the same name are replaced.',
      )
      .options({
        model: { type: 'string', describe: 'Generator, an .onnx file [default: the latest export]' },
        ...flagsOf(sampleOptions()),
        range: {
          type: 'string',
          requiresArg: true,
          describe:
            "Numbers of black and white in the generator's output, such as 0,1 [default: from the model, or -1,1]",
        },
        'latent-dim': { type: 'number', describe: 'Numbers per latent, if the model does not fix them' },
        label: {
          type: 'string',
          requiresArg: true,
          describe:
            'Class of a conditional generator: a number or name, random, or all for a row of each, of 8 without --count',
        },
        ...generatorFlags,
        mean: {
          type: 'string',
          describe: 'Per-channel mean for the discriminator [default: from its file, or as the generator]',
        },
        std: { type: 'string', describe: 'Per-channel standard deviation for the discriminator' },
        jsonl: {
          type: 'boolean',
          default: false,
          describe:
            'Print one line of JSON per picture that this command makes to standard output, and nothing else there',
        },
        ...engineOptions,
        device: deviceOption,
      })
      .epilogue(S3_HELP)
      .example('$0', '64 pictures of the latest generator')
      .example('$0 --seeds 3,14-16 --grid 4x1 --labels --out row.png', 'chosen pictures in a row')
      .example('$0 --count 50000 --format zip --out fakes', 'many pictures, 1000 to a file')
      .example('$0 --count 50000 --format zip --out fakes --shard 0/8', 'the first of eight shares')
      .example('$0 --count 50000 --format zip --out fakes --queue redis://host:6379', 'by the workers of a queue')
      .example('$0 --count 50000 --format npy --out s3://birds/fakes', 'results as objects, below a prefix')
      .example('$0 --interpolate --keyframes 3,7,9 --frames 120 --loop', 'an endless walk'),
  async (
    {
      jsonl,
      model,
      device,
      range,
      latentDim,
      latentDistribution,
      label,
      input,
      mean,
      std,
      shard,
      merge,
      queue,
      ...words
    },
    context,
  ) => {
    const { print, signal, progress, note, warn, device: showDevice, skipped } = context;
    if (jsonl && queue !== undefined) throw new InputError({ name: 'queue', conflictsWith: 'jsonl' });
    const textOf = (name: 'out' | 'discriminator' | 'real' | 'latents' | 'saveLatents') => {
      const value = words[name];
      return typeof value === 'string' ? value : undefined;
    };
    await using fetched = new Fetched(context, words['strict'] === true);
    const results = await fetched.results(
      textOf('out'),
      'gan-sample',
      words['format'] === undefined ? 'a folder or file on disk without `format`' : true,
    );
    const named = await fetched.model(model, 'model', 'discriminator.onnx');
    const discriminator = await fetched.model(textOf('discriminator'), 'discriminator');
    const real = await fetched.pictures(textOf('real'), 'real', SET_FILE);
    const latents = await fetched.file(textOf('latents'), 'latents');
    const saveLatents = results.file(textOf('saveLatents'), 'saveLatents');
    const request = parsedRequest({ ...words, out: results.out, discriminator, real, latents, saveLatents });
    const {
      Generator,
      loadInputNumbers,
      parsedInputs,
      parsedPreparation,
      parsedRange,
      resolveModel,
      runJob,
      sampleJob,
    } = await import('ganscope/inference');
    const { assumptionLines } = await import('./common/lines.js');
    const job = sampleJob(request);
    const drawsNone =
      'source' in job && 'file' in job.source && !(job.kind === 'traversal' && job.directions.kind === 'principal');
    if (latentDistribution !== undefined && drawsNone) {
      const expected = 'to be used with seeds, not with the latents of a file';
      throw new InputError({ name: 'latentDistribution', expected });
    }

    if (jsonl) print.dataOnly();
    const bulk = job.kind === 'shards' || '`format`';
    const engine = results.engine(await chosenEngine({ shard, merge, queue }, bulk, { note, warn }));
    const stated = range === undefined ? undefined : parsedRange(range);
    const inputs = parsedInputs(input === undefined ? [] : givenTexts('input'));
    const file = await resolveModel('generator', named);
    print.info(file.note);
    const generator = await Generator.load(file.path, {
      device,
      ...(stated && { range: stated }),
      ...(latentDim !== undefined && { latentDim }),
      ...(latentDistribution !== undefined && { latentDistribution }),
      ...(label !== undefined && { label }),
      inputs: await loadInputNumbers(inputs),
    });
    for (const line of assumptionLines(generator.assumptions)) print.info(line);
    showDevice(generator.choice);
    const bar = progress(job.kind === 'projection' ? 'steps' : 'pictures');
    const files = await runJob(job, {
      model: file.path,
      generator,
      engine,
      ...(stated && { range: stated }),
      inputs,
      preparation: parsedPreparation({ mean, std }),
      assumed: (assumptions) =>
        assumptionLines(told(assumptions, ['mean', 'std', 'label'])).forEach((line) => note(`Discriminator: ${line}`)),
      log: note,
      skipped,
      signal,
      progress: (done, total, text) => bar.update(done, total, text),
      ...(jsonl && { record: (record) => print.data(JSON.stringify(record)) }),
    }).finally(() => bar.stop());
    await generator.dispose();
    for (const path of files) print.info(`  ${path}`);
  },
  { mayBeEmpty: ['interpolate', 'queue'], repeatable: ['input'] },
);
