#!/usr/bin/env node
/** @file gan-eval: distances between generated and real pictures, and how far they cover each other, by a network's features. */
import './common/node-version.js';
import { givenTexts, runCommand } from './command.js';
import type { Comparison, QualityRow, startEvaluationJob } from 'ganscope/trainer';
import type { StageProgress, TaskEngine } from 'ganscope/tasks';
import type { CommandContext } from './command.js';
import { chosenEngine, engineOptions } from './common/engine.js';
import { generatorFlags } from './parse/generator-flags.js';
import { deviceOption, preparationOptions, strictOption } from './common/options.js';
import { Fetched, S3_HELP, SET_FILE } from './storage/fetched.js';

await runCommand(
  'gan-eval',
  (parser) =>
    parser
      .usage(
        '$0 [SET] [SET] --features MODEL.onnx[:LAYER] [options]\n\nMeasures the Fréchet distance (FID, if the network is Inception), KID, precision, recall, density ' +
          'and coverage between two sets of pictures. A set is a run, a generator.onnx, or pictures: a folder, a .zip, or what else docs/train.md lists. One run alone is compared with the pictures ' +
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
          describe:
            "newest, best (marked by gan-train --eval), or a folder in the run's checkpoints/ [default: newest]",
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
        'manifold-samples': {
          type: 'number',
          default: 10_000,
          describe: 'Most pictures of each set for precision, recall, density and coverage; 0 leaves them out',
        },
        nearest: {
          type: 'string',
          requiresArg: true,
          describe: 'PNG file of generated pictures beside the real ones nearest to them by features; not with --out',
        },
        ...preparationOptions,
        range: {
          type: 'string',
          describe:
            'Numbers of black and white in the output of .onnx generators, such as 0,1 [default: from the model, or -1,1]',
        },
        'latent-dim': { type: 'number', describe: 'Numbers per latent, if a generator does not fix them' },
        label: {
          type: 'string',
          describe:
            'Class of a conditional generator: a number or name, or random [default for a run: random, all as likely]',
        },
        ...generatorFlags,
        out: {
          type: 'string',
          describe: 'Folder for parts of the work, so that it can be resumed and shared, and for results.json',
        },
        resume: { type: 'boolean', default: false, describe: 'Continue the evaluation in the --out folder' },
        ...engineOptions,
        json: { type: 'boolean', default: false, describe: 'Print the result as one line of JSON' },
        device: deviceOption,
      })
      .epilogue(S3_HELP)
      .example('$0 --features features.onnx', 'the latest run, with a network of gan-features')
      .example('$0 generator.onnx birds.zip --features features.onnx', 'any generator against a folder or .zip')
      .example('$0 runs/birds --features inception.onnx', 'FID, with the file that docs/inception_features.py writes'),
  async (options, context) => {
    const { print, signal, progress, note } = context;
    const { comparePictures, describedRun, describedSets, evaluateRun } = await import('ganscope/trainer');
    const { isRun, loadInputNumbers, parsedInputs, parsedPreparation, parsedRange } =
      await import('ganscope/inference');
    const { InputError } = await import('ganscope/errors');
    await using fetched = new Fetched(context, options.strict);
    const results = await fetched.results(options.out, 'gan-eval', true);
    const features = await fetched.features(options.features, 'features');
    const fetchedSet = (set: string, name: string) =>
      /\.onnx$/i.test(set) ? fetched.model(set, name) : fetched.pictures(set, name, SET_FILE);
    const named: string[] = [];
    for (const set of options._) named.push(await fetchedSet(String(set), 'SET'));
    const data = options.data === undefined ? undefined : await fetchedSet(options.data, 'data');
    const { samples, subsetSize, manifoldSamples, checkpoint, split, strict, followLinks, device } = options;
    const { range, latentDim, latentDistribution, label } = options;
    const input = options.input === undefined ? undefined : givenTexts('input');
    if (features === undefined) throw new InputError('--features: expected MODEL.onnx[:LAYER]; gan-features makes one');
    const sets = [...named, ...(data !== undefined && options._.length > 0 ? [data] : [])];
    if (sets.length > 2)
      throw new InputError(`SET: expected at most two sets of pictures, --data included; got ${sets.length}`);
    const given = { range, 'latent-dim': latentDim, 'latent-distribution': latentDistribution, label, input };
    const forGenerators = Object.entries(given).find(([, value]) => value !== undefined);
    if (forGenerators && !sets.some((set) => /\.onnx$/i.test(set)))
      throw new InputError(`--${forGenerators[0]}: expected a generator's .onnx file as a set; got none`);
    if (options.nearest !== undefined && options.out !== undefined)
      throw new InputError('--nearest: expected it without --out; got both');
    if (options.json) print.dataOnly();
    const { resume } = options;
    const { out } = results;
    if (resume && out === undefined) throw new InputError('--resume: expected it with --out; got it alone');
    const engine = results.engine(await chosenEngine(options, out === undefined ? '`out`' : true, context));
    if (out === undefined) note('An evaluation without --out cannot be resumed: if it is stopped, it starts again.');
    const bar = out === undefined ? progress('pictures') : undefined;
    const settings = {
      features,
      samples,
      subsetSize,
      manifoldSamples,
      nearest: options.nearest,
      checkpoint,
      split,
      strict,
      followLinks,
      device,
      preparation: parsedPreparation(options),
      generator: {
        ...(range !== undefined && { range: parsedRange(range) }),
        ...(latentDim !== undefined && { latentDim }),
        ...(latentDistribution !== undefined && { latentDistribution }),
        ...(label !== undefined && { label }),
        inputs: await loadInputNumbers(parsedInputs(input ?? [])),
      },
      signal,
      progress_callback: (done: number, total: number) => bar?.update(done, total),
    };
    const [first, second] = sets;
    // A run that is compared with other pictures is evaluated as it is while training.
    const isOfRun = first === undefined || (await isRun(first));
    const isComparison = second !== undefined && first !== undefined && !(isOfRun && data !== undefined);
    if (!isComparison && !isOfRun) {
      throw new InputError(
        `${first}: expected the folder of a run, or a second set of pictures to compare with; got neither`,
      );
    }
    if (out !== undefined) {
      const choice = { checkpoint, split, followLinks };
      const pair = isComparison
        ? await describedSets([first, second], choice)
        : await describedRun(first, { ...choice, data });
      const { shared, completes } = engine;
      const texts = { ...options, input };
      const request = { pair, features, texts, out, device, resume, shared, completes };
      await evaluateTasks(request, engine, options.json, context);
      return;
    }
    const evaluating = isComparison
      ? comparePictures([first, second], settings).then(({ comparison, ...told }) => ({
          result: { comparison },
          ...told,
        }))
      : evaluateRun({ ...settings, data, run: first }).then(({ row, assumed, ...told }) => ({
          result: { row, assumed },
          ...told,
        }));
    const { result, notes, choice, skipped } = await evaluating.finally(() => bar?.stop());
    context.device(choice);
    for (const line of notes) note(line);
    await report(result, skipped, options.json, context);
    if (options.nearest !== undefined) note(`Nearest pictures in ${options.nearest}`);
  },
  { takesFiles: true, mayBeEmpty: ['queue'], repeatable: ['input'] },
);

/** Evaluates with parts on disk, or does this process's share of them. */
async function evaluateTasks(
  request: Parameters<typeof startEvaluationJob>[0],
  engine: TaskEngine,
  asJson: boolean,
  context: CommandContext,
): Promise<void> {
  const { startEvaluationJob: start } = await import('ganscope/trainer');
  const { performJob } = await import('ganscope/tasks');
  const { print, signal, note } = context;
  const started = performance.now();
  const job = await start(request);
  try {
    context.device(job.choice);
    for (const line of job.notes) note(line);
    const bar = context.progress('pictures');
    const progress: StageProgress = (done, total, _stage, text) => bar.update(done, total, text);
    const made = await performJob(job, engine, { signal, progress, log: note }).finally(() => bar.stop());
    if (!made) return;
    const seconds = (performance.now() - started) / 1000;
    const { evaluated, skipped, results } = made;
    const result =
      'comparison' in evaluated
        ? { comparison: { ...evaluated.comparison, seconds } }
        : { row: { ...evaluated.row, seconds }, assumed: evaluated.assumed };
    await report(result, skipped, asJson, context);
    note(`Also in ${results}`);
  } catch (error) {
    const again = engine.shared ? 'the same command' : 'the same command with --resume';
    if (signal.aborted) print.info(`Interrupted; ${again} continues.`);
    throw error;
  } finally {
    await job.dispose();
  }
}

/** Prints what was found, as text or as a line of JSON. */
async function report(
  result: { comparison: Comparison } | { row: QualityRow; assumed: Comparison['assumed'] },
  skipped: readonly string[],
  asJson: boolean,
  { print, note, skipped: showSkipped }: CommandContext,
): Promise<void> {
  const { comparisonLines, qualityLines } = await import('./common/quality-lines.js');
  const { assumptionLines } = await import('./common/lines.js');
  const isComparison = 'comparison' in result;
  const data = isComparison ? { ...result.comparison, skipped } : { ...result.row, assumed: result.assumed, skipped };
  for (const line of assumptionLines(data.assumed)) note(line);
  const lines = isComparison ? comparisonLines(result.comparison) : qualityLines(result.row);
  if (asJson) print.data(JSON.stringify(data));
  else print.result(lines.join('\n'), data);
  showSkipped(skipped);
}
