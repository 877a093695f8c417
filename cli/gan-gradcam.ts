#!/usr/bin/env node
/** @file gan-gradcam: shows what a discriminator or classifier looks at in pictures. */
import './node-version.js';
import {
  figureFormats,
  methodGroups,
  MOST_FLAT,
  overlayModes,
  paletteNames,
  TASK_SIZE,
} from 'ganscope/explain/choices';
import { runCommand, version, type CommandContext } from './command.js';
import { chosenEngine, engineOptions } from './common/engine.js';
import { deviceOption, preparationOptions, strictOption } from './common/options.js';
import { CONTINUES, explainTasks } from './explain-tasks.js';
import { Fetched, S3_HELP } from './storage/fetched.js';

const TARGETS = `Targets
  real, fake            a discriminator's score, or its negative
  score, 0, 1           a network with one score: its value, or one of its two classes (also by name)
  281, tabby            a class by number, or by name with --labels
  top-3                 the three classes with the highest scores, one map each
  281:285, cat:dog      the first class compared with the second
  15@10,20,90,80        dense outputs: class 15 inside a box of the input (left, top, right, bottom)
  15@predicted          where class 15 has the highest score; 15@mask.png: where the mask is bright
  15@at:42              detectors: class 15 at box 42 (15 alone: at its best box)
  15@above:0.5          all boxes or positions where class 15 has a probability above 0.5
  "a,b":'c@d'           names that contain : @ or , in quotes`;

/** Names of picture files; of others, pictures are below. */
const SINGLE = /[^/]\.(?:avif|bmp|gif|jfif|jpe?g|png|tiff?|webp|npy)$/i;

/** Options that exclude each other. */
const EXCLUSIVE = [
  ['evaluate', 'randomWeights'],
  ['listLayers', 'evaluate'],
  ['listLayers', 'resume'],
  ['evaluate', 'taskSize'],
  ['listLayers', 'taskSize'],
] as const;

await runCommand(
  'gan-gradcam',
  (parser) =>
    parser
      .parserConfiguration({ 'duplicate-arguments-array': false, 'parse-positional-numbers': false })
      .usage(
        '$0 IMAGE… [options]\n\nShows where a discriminator, or any .onnx classifier with one picture input, looks. Accepts picture ' +
          'files and folders of pictures, and .npy files and TIFF files of several pages that hold the channels of the network. A map covers the part of the picture that the network sees: for most models the ' +
          'middle.',
      )
      .options({
        model: { type: 'string', describe: 'Discriminator or classifier [default: the latest export]' },
        layer: {
          type: 'string',
          describe:
            'auto (the last layer with positions before the scores), last-conv, all-convs, an index or a name from ' +
            '--list-layers; separate with commas, average with + [default: auto]',
        },
        tokens: {
          type: 'string',
          describe: 'HEIGHTxWIDTH of a token layer, if it cannot be computed from their number',
        },
        method: {
          type: 'string',
          default: 'gradcam,gradcam++',
          describe: 'all, or names from the list below, separated by commas',
        },
        target: {
          type: 'string',
          describe: 'What to explain, see below; one, or one per picture [default: fake, or the top class]',
        },
        labels: { type: 'string', describe: 'File with class names, one per line or as JSON' },
        output: {
          type: 'string',
          describe: 'Output or inner value that holds the scores [default: the one computed from the others]',
        },
        input: {
          type: 'string',
          requiresArg: true,
          describe: 'Another input as NAME=FILE (picture or .npy) or NAME=NUMBERS; repeat for several',
        },
        'explain-input': {
          type: 'string',
          describe: 'Name of the picture input, if several could be it [default: the first]',
        },
        augment: {
          type: 'boolean',
          default: false,
          describe: 'Average over flipped, darker and brighter copies (test-time augmentation)',
        },
        eigen: {
          type: 'boolean',
          default: false,
          describe: 'Use the first principal component of weighted activations instead of their sum',
        },
        ...preparationOptions,
        out: {
          type: 'string',
          default: 'gradcam',
          describe: 'Folder for figures, heatmaps, overlays, raw values (.npy) and results.json',
        },
        resume: { type: 'boolean', default: false, describe: 'Continue an interrupted job in the --out folder' },
        palette: {
          choices: paletteNames,
          default: 'jet' as const,
          describe: 'Colour map; diverging shows signed maps: blue is evidence against the target',
        },
        overlay: {
          choices: overlayModes,
          default: 'report' as const,
          describe: 'report: colours everywhere; blend: opacity follows the map; contours: lines at 25, 50 and 75 %',
        },
        alpha: {
          type: 'number',
          default: 0.5,
          describe: 'Opacity of the colours in overlays, 0…1',
        },
        format: {
          choices: figureFormats,
          default: 'png' as const,
          describe: 'File format of figures and plots; svg and pdf keep text as text',
        },
        dpi: { type: 'number', describe: 'Resolution of figures and plots as PNG, 36…600 [default: 192]' },
        width: {
          type: 'number',
          describe: 'Width of figures and plots in millimetres, with text of 9 points [default: as wide as needed]',
        },
        'same-scale': { type: 'boolean', default: false, describe: 'Draw the maps of a row of a figure on one scale' },
        titles: { type: 'boolean', default: true, describe: 'Headings above the plots of --evaluate' },
        evaluate: {
          type: 'boolean',
          default: false,
          describe: 'Compare the methods by metrics over the pictures instead: a table, plots, results.json',
        },
        'follow-links': {
          type: 'boolean',
          default: false,
          describe: 'Follow links that lead out of the given folders',
        },
        strict: strictOption,
        'list-layers': {
          type: 'boolean',
          default: false,
          describe: 'Print convolutions and token layers, then exit; * marks those chosen by --layer',
        },
        device: deviceOption,
        seed: { type: 'number', default: 0, describe: 'Random seed of noise and random maps' },
        samples: { type: 'number', default: 25, describe: 'Noisy copies averaged by smoothgrad and smooth-gradcam++' },
        noise: {
          type: 'number',
          default: 0.15,
          describe: 'Noise standard deviation, as a fraction of the input range',
        },
        steps: { type: 'number', default: 50, describe: 'Steps of integrated gradients' },
        'task-size': {
          type: 'number',
          describe:
            `Pictures per task and sub-folder of a job with sub-folders: of more than ${MOST_FLAT} pictures, shared with ` +
            `others, or with this option [default: ${TASK_SIZE}]`,
        },
        ...engineOptions,
        'random-weights': {
          type: 'number',
          describe: 'Replace the weights by random ones from this seed: a baseline that has learnt nothing',
        },
      })
      .epilogue(
        `${TARGETS}\n\nMethods\n${methodGroups.map(({ title, names }) => `  ${title}: ${names.join(', ')}`).join('\n')}\n\n${S3_HELP}`,
      )
      .example('$0 bird.jpg', 'why the latest discriminator calls the picture fake')
      .example('$0 birds/ --layer all-convs --method gradcam', 'a folder, all convolutions, one method')
      .example('$0 bird.jpg --method all --palette turbo --overlay blend', 'a contact sheet of all methods')
      .example('$0 birds/ --method gradcam,hirescam,random --evaluate', 'which method is better than chance')
      .example('$0 cat.jpg --model resnet50.onnx --target 281', 'a class of any classifier'),
  async (options, context) => {
    const { print, signal } = context;
    const explain = await import('ganscope/explain');
    const { Explainer, emptyMapNote, explainFiles, formattedNumber, methods, verdict } = explain;
    const { parsedPreparation, parsedSize, picturePaths, resolveModel } = await import('ganscope/inference');
    const { InputError } = await import('ganscope/errors');
    const { assumptionLines, layerLines } = await import('./common/lines.js');
    const { givenTexts } = await import('./command.js');
    const { parsedInputs, parsedMethods, parsedTargets } = explain;

    const { evaluate, randomWeights, listLayers } = options;
    const exclusive = {
      evaluate,
      randomWeights: randomWeights !== undefined,
      listLayers,
      resume: options.resume,
      taskSize: options.taskSize !== undefined,
    };
    for (const [name, other] of EXCLUSIVE) {
      if (exclusive[name] && exclusive[other]) throw new InputError({ name, conflictsWith: other });
    }
    const fetched = new Fetched(context, options);
    const given = await fetched.model(options.model, 'model');
    const sources: string[] = [];
    for (const source of options._) sources.push(await fetched.pictures(String(source), 'IMAGE', SINGLE));
    await fetched.close();
    const { paths, skipped: unread } = await picturePaths(sources, { followLinks: options.followLinks });
    const { strict } = options;
    const [firstUnread] = unread;
    if (strict && firstUnread !== undefined)
      throw new InputError({ name: 'strict', expected: 'no skipped file', got: firstUnread });
    context.skipped(unread);
    if (paths.length === 0 && !listLayers)
      throw new InputError('IMAGE: expected picture files, or folders of them; got none');
    const parsed = parsedTargets(options.target);
    const tokens = options.tokens === undefined ? undefined : parsedSize(options.tokens, 'tokens');
    const { eigen, augment } = options;
    const chosen = {
      ...(options.layer !== undefined && { layers: options.layer }),
      ...(tokens && { tokens }),
      methods: parsedMethods(options.method),
      eigen,
      augment,
      runs: { seed: options.seed, samples: options.samples, noise: options.noise, steps: options.steps },
    };
    const { path: model, note } = await resolveModel('discriminator', given);
    print.info(note);
    const { chosenShard } = await import('ganscope/tasks');
    const isMaps = !evaluate && !listLayers;
    const isShared =
      options.shard !== undefined ||
      options.queue !== undefined ||
      options.merge ||
      (paths.length > 1 && chosenShard(undefined, process.env));
    const isBulk = isMaps && (isShared || options.taskSize !== undefined || paths.length > MOST_FLAT);
    const sharable = isMaps ? 'several pictures' : 'maps, not with `evaluate` or `listLayers`';
    const engine = await chosenEngine(options, isBulk ? true : sharable, context);
    if (isBulk) {
      const texts = {
        ...options,
        input: givenTexts('input'),
        strict: strict || undefined,
        taskSize: options.taskSize ?? TASK_SIZE,
      };
      const { labels, out, device, resume } = options;
      await explainTasks(
        { paths, skipped: unread, texts, model, labels, out, device, resume, shared: engine.shared },
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
      ...(options.explainInput !== undefined && { explainInput: options.explainInput }),
      ...(options.output !== undefined && { output: options.output }),
      ...(options.labels !== undefined && { labels: await explain.loadLabels(options.labels) }),
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
      ...(randomWeights !== undefined && { randomWeights }),
    });
    context.device(explainer.choice);
    const usesLayers = chosen.methods === 'all' || chosen.methods.some((name) => explain.explainsLayer(name));
    const assumed = [
      ...explainer.assumptions,
      ...explainer.fileAssumptions(paths, unread),
      ...(usesLayers ? explainer.layerAssumptions(options.layer, tokens) : []),
    ];
    for (const line of assumptionLines(assumed)) print.info(line);
    if (strict) await explain.expectAllRead(paths, explainer.input.picture);
    const targets = await explain.loadTargets(parsed, explainer.input);
    const bar = context.progress('pictures');
    const { palette, overlay, alpha, format, dpi, width, titles, sameScale, out, seed, resume } = options;
    const style = { palette, overlay, alpha };
    const figures = {
      format,
      titles,
      sameScale,
      ...(dpi !== undefined && { dpi }),
      ...(width !== undefined && { width }),
    };
    const provenance = {
      version,
      device: explainer.choice.device,
      assumed,
      options: {
        ...chosen,
        target: options.target,
        ...(evaluate ? { seed } : { ...style, randomWeights }),
        ...figures,
      },
    };
    const job = { ...chosen, ...(targets && { targets }), figures, out, resume, model, provenance, signal };
    try {
      if (evaluate) {
        const evaluating = explain.evaluateFiles(explainer, paths, {
          ...job,
          seed,
          progress_callback: ({ loaded }) => bar.update(loaded, paths.length),
        });
        const { evaluation, ...written } = await evaluating.finally(() => bar.stop());
        const heading = `Means over ${evaluation.pictures} pictures`;
        print.result(`${heading}:\n\n${explain.evaluationTable(evaluation)}\n\n`, { evaluation });
        report(context, written);
        return;
      }
      let toldOf: string | undefined;
      const explaining = explainFiles(explainer, paths, {
        ...job,
        style,
        progress_callback: ({ loaded, total, path }) => bar.update(loaded, total, path),
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
