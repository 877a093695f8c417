#!/usr/bin/env node
/** @file gan-gradcam: shows what a discriminator or classifier looks at in pictures. */
import './common/node-version.js';
import { MOST_FLAT, TASK_SIZE } from 'ganscope/explain/choices';
import { givenTexts, runCommand, version, type CommandContext } from './command.js';
import { chosenEngine } from './common/engine.js';
import { CONTINUES, explainTasks } from './explain-tasks.js';
import { expectCombinable, gradcamFlags, gradcamWords } from './parse/gradcam-flags.js';
import { Fetched, S3_HELP } from './storage/fetched.js';

/** Names of picture files; of others, pictures are below. */
const SINGLE = /[^/]\.(?:avif|bmp|gif|jfif|jpe?g|png|tiff?|webp|npy)$/i;

await runCommand(
  'gan-gradcam',
  (parser) =>
    parser
      .usage(
        '$0 IMAGE… [options]\n\nShows where a discriminator, or any .onnx classifier with one picture input, looks. Accepts picture ' +
          'files and folders of pictures, and .npy files and TIFF files of several pages that hold the channels of the network. A map covers the part of the picture that the network sees: for most models the ' +
          'middle.',
      )
      .options(gradcamFlags)
      .epilogue(`${gradcamWords}\n\n${S3_HELP}`)
      .example('$0 bird.jpg', 'why the latest discriminator calls the picture fake')
      .example('$0 birds/ --layer all-convs --method gradcam', 'a folder, all convolutions, one method')
      .example('$0 bird.jpg --method all --palette turbo --overlay blend', 'a contact sheet of all methods')
      .example('$0 birds/ --method gradcam,hirescam,random --evaluate', 'which method is better than chance')
      .example('$0 cat.jpg --model resnet50.onnx --target 281', 'a class of any classifier'),
  async (options, context) => {
    const { print, signal } = context;
    const explain = await import('ganscope/explain');
    const { completenessNote, errorNote, Explainer, emptyMapNote, explainFiles, formattedNumber, methods, verdict } =
      explain;
    const { decodePicture, labelOfFolders, parsedInputs, parsedPreparation, parsedSize, picturePaths, resolveModel } =
      await import('ganscope/inference');
    const { InputError } = await import('ganscope/errors');
    const { assumptionLines, evaluationLines, layerLines } = await import('./common/lines.js');
    const { parsedBaselines, parsedMethods, parsedMetrics, parsedTargets } = explain;

    const { evaluate, randomWeights, listLayers } = options;
    expectCombinable(options);
    for (const name of ['metric', 'boxes'] as const) {
      if (options[name] !== undefined && !evaluate)
        throw new InputError({ name, expected: 'the option `evaluate` beside it', got: 'none' });
    }
    const metrics = options.metric === undefined ? undefined : parsedMetrics(options.metric);
    const isMaps = !evaluate && !listLayers;
    await using fetched = new Fetched(context, options.strict);
    const where = isMaps || 'a folder on disk with `evaluate` or `listLayers`';
    const results = await fetched.results(options.out, 'gan-gradcam', where);
    const given = await fetched.model(options.model, 'model');
    const { strict } = options;
    const { chosenShard } = await import('ganscope/tasks');
    const share = options.shard !== undefined || options.queue !== undefined || options.merge;
    // Shares and workers fetch the pictures of their tasks alone.
    const isApart = isMaps && !strict && (share || chosenShard(undefined, process.env) !== undefined);
    const stamps = new Map<string, string>();
    const [paths, unread]: [string[], string[]] = [[], []];
    let made = 0;
    for (const source of options._.map(String)) {
      const listed = isApart ? await fetched.stamps(source, 'IMAGE', SINGLE) : undefined;
      for (const [address, stamp] of listed ?? []) {
        paths.push(address);
        stamps.set(address, stamp);
      }
      if (listed) continue;
      const here = await fetched.pictures(source, 'IMAGE', SINGLE);
      const found = await picturePaths([here], { followLinks: options.followLinks, results: results.out });
      made += found.results ?? 0;
      for (const path of found.paths) paths.push(path);
      for (const path of found.skipped) unread.push(path);
    }
    const [firstUnread] = unread;
    if (strict && firstUnread !== undefined)
      throw new InputError({ name: 'strict', expected: 'no skipped file', got: firstUnread });
    context.skipped(unread);
    if (made > 0) print.info(`Left out: ${made} pictures in ${options.out}, where results are`);
    if (paths.length === 0 && !listLayers)
      throw new InputError('IMAGE: expected picture files, or folders of them; got none');
    const parsed = parsedTargets(options.target);
    const tokens = options.tokens === undefined ? undefined : parsedSize(options.tokens, 'tokens');
    const { eigen, augment, seed, samples, noise, steps } = options;
    const chance = { seed, samples, noise, steps, ...(options.runs !== undefined && { forwards: options.runs }) };
    const chosen = {
      ...(options.layer !== undefined && { layers: options.layer }),
      ...(tokens && { tokens }),
      methods: parsedMethods(options.method),
      eigen,
      augment,
      runs: { ...chance, baselines: parsedBaselines(options.baseline) },
    };
    const usesLayers = chosen.methods === 'all' || chosen.methods.some((name) => explain.explainsLayer(name));
    if (options.layer !== undefined && !usesLayers && !listLayers)
      throw new InputError({ name: 'layer', expected: 'a method that explains layers', got: options.method });
    const { path: model, note } = await resolveModel('discriminator', given);
    print.info(note);
    const isShared =
      share ||
      stamps.size > 0 ||
      results.out !== options.out ||
      (paths.length > 1 && chosenShard(undefined, process.env));
    const isBulk = isMaps && (isShared || options.taskSize !== undefined || paths.length > MOST_FLAT);
    const sharable = isMaps ? 'several pictures' : 'maps, not with `evaluate` or `listLayers`';
    const engine = results.engine(await chosenEngine(options, isBulk ? true : sharable, context));
    if (isBulk) {
      const texts = {
        ...options,
        input: givenTexts('input'),
        strict: strict || undefined,
        afterSoftmax: options.afterSoftmax || undefined,
        taskSize: options.taskSize ?? TASK_SIZE,
      };
      const { labels, device, resume } = options;
      const { out = '' } = results;
      const { shared, completes } = engine;
      const originals = stamps.size === 0 ? undefined : { stamps, fetch: await fetched.originals() };
      await explainTasks(
        { originals, paths, skipped: unread, texts, model, labels, out, device, resume, shared, completes },
        engine,
        context,
      );
      return;
    }
    const { device } = options;
    const loading = {
      device,
      preparation: parsedPreparation(options),
      inputs: await explain.loadInputs(parsedInputs(givenTexts('input'))),
      ...(options.label === undefined ? { defaultLabel: labelOfFolders(paths) } : { label: options.label }),
      ...(options.explainInput !== undefined && { explainInput: options.explainInput }),
      ...(options.output !== undefined && { output: options.output }),
      ...(options.labels !== undefined && { labels: await explain.loadLabels(options.labels) }),
      ...(options.afterSoftmax && { afterSoftmax: true }),
      ...(options.similarTo !== undefined && { similarTo: await decodePicture(options.similarTo) }),
    };
    if (listLayers) {
      const { layers, taken, assumptions, problem } = await explain.listLayers(model, { ...loading, ...chosen });
      for (const line of assumptionLines(assumptions)) print.info(line);
      print.result(layerLines(layers, taken).join('\n'), { layers, taken });
      if (problem !== undefined) print.info(`Cannot be explained as it is: ${context.messageOf(problem)}`);
      return;
    }
    const explainer = await Explainer.load(model, {
      ...loading,
      sharesCores: paths.length > 1,
      ...(randomWeights !== undefined && { randomWeights }),
    });
    context.device(explainer.choice);
    const assumed = [
      ...explainer.assumptions,
      ...explainer.fileAssumptions(paths, unread),
      ...(usesLayers ? explainer.layerAssumptions(options.layer, tokens) : []),
    ];
    for (const line of assumptionLines(assumed)) print.info(line);
    if (strict) await explain.expectAllRead(paths, explainer.input.picture);
    const targets = await explain.loadTargets(parsed, explainer.input);
    // A single picture's runs are shown instead, where a map takes many.
    const bar = context.progress(evaluate || paths.length > 1 ? 'pictures' : 'runs');
    const { palette, overlay, alpha, format, dpi, width, titles, sameScale, perRow, out, resume } = options;
    const style = { palette, overlay, alpha };
    const figures = {
      format,
      titles,
      sameScale,
      ...(dpi !== undefined && { dpi }),
      ...(width !== undefined && { width }),
      ...(perRow !== undefined && { perRow }),
    };
    const provenance = {
      version,
      device: explainer.choice.device,
      assumed,
      options: {
        ...chosen,
        target: options.target,
        ...(options.afterSoftmax && { afterSoftmax: true }),
        ...(options.similarTo !== undefined && { similarTo: options.similarTo }),
        ...(options.labels !== undefined && { labels: options.labels }),
        ...(options.input !== undefined && { input: givenTexts('input') }),
        ...(evaluate
          ? { seed, ...(metrics && { metrics }), ...(options.boxes !== undefined && { boxes: options.boxes }) }
          : { ...style, randomWeights }),
        ...figures,
      },
    };
    const job = { ...chosen, ...(targets && { targets }), figures, out, resume, model, provenance, signal };
    try {
      if (evaluate) {
        const evaluating = explain.evaluateFiles(explainer, paths, {
          ...job,
          seed,
          ...(metrics && { metrics }),
          ...(options.boxes !== undefined && { boxes: options.boxes }),
          progress_callback: ({ loaded }) => bar.update(loaded, paths.length),
        });
        const { evaluation, unmarked, ...written } = await evaluating.finally(() => bar.stop());
        for (const { picture, reason } of unmarked)
          print.info(`${picture}: not measured where the object is (${reason})`);
        for (const name of metrics ?? []) {
          if (evaluation.methods.every(({ values, notFinite }) => (values[name] ?? notFinite[name]) === undefined))
            print.info(`--metric ${name}: does not apply to any of these maps`);
        }
        for (const line of evaluationLines(evaluation)) print.info(line);
        const { pictures } = evaluation;
        const table = `Means over ${pictures} pictures:\n\n${explain.evaluationTable(evaluation)}\n\n`;
        print.result(pictures === 0 ? 'No picture is measured yet.' : table, { evaluation });
        report(context, written);
        return;
      }
      let toldOf: string | undefined;
      let pictures = 0;
      const explaining = explainFiles(explainer, paths, {
        ...job,
        style,
        progress_callback: ({ loaded, total, path }) => {
          pictures = loaded;
          if (total > 1) bar.update(loaded, total, path);
        },
        onRuns: ({ picture, method, loaded, total }) => {
          if (paths.length === 1) bar.update(loaded, total, methods[method].title);
          else bar.update(pictures, paths.length, `${paths[picture]} ${methods[method].title} ${loaded}/${total} runs`);
        },
        onMap: (path, explanation) => {
          const { layer, method, raw, rawHeight, rawWidth } = explanation;
          const largest = raw.reduce((a, b) => Math.max(a, b), 0);
          print.info(`${path}  ${layer.name}  ${methods[method].title}  ${verdict(explanation)}`);
          if (explanation.choice !== undefined && toldOf !== path)
            print.info(`  Target: ${explanation.choice}; change it with --target`);
          toldOf = path;
          print.info(
            `  ${emptyMapNote(explanation) ?? `${rawHeight}×${rawWidth} map, 0 … ${formattedNumber(largest)}`}`,
          );
          for (const sums of [completenessNote(explanation), explain.conservationNote(explanation)])
            if (sums !== undefined) print.info(`  ${sums}`);
          const error = errorNote(explanation);
          if (error !== undefined) print.info(`  ${error}`);
        },
      });
      const written = await explaining.finally(() => bar.stop());
      report(context, written);
      print.info(`  and heatmap, overlay and values of ${written.maps} maps in ${out}`);
    } finally {
      await explainer.dispose();
    }
  },
  { takesFiles: true, mayBeEmpty: ['queue'], repeatable: ['input'] },
);

interface Written {
  files: readonly string[];
  skipped: readonly { reason: string }[];
  complete: boolean;
}

function report({ print, skipped: tell }: CommandContext, { files, skipped, complete }: Written): void {
  tell(skipped.map(({ reason }) => reason));
  if (!complete) print.info(CONTINUES);
  print.info('Files:');
  for (const file of files) print.info(`  ${file}`);
}
