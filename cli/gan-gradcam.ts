#!/usr/bin/env node
/** @file gan-gradcam: shows what a discriminator or classifier looks at in pictures. */
import './node-version.js';
import { methodGroups, overlayModes, paletteNames } from 'ganscope/explain/choices';
import { runCommand, version, type CommandContext } from './command.js';

const TARGETS = `Targets
  real, fake            a discriminator's verdict
  281, tabby            a class by number, or by name with --labels
  top-3                 the three best classes, one map for each
  281:285, cat:dog      what speaks for the first class and against the second
  15@10,20,90,80        of dense outputs: class 15 in a box of the input (left, top, right, bottom)
  15@predicted          where class 15 wins; 15@mask.png: where a picture is bright`;

await runCommand(
  'gan-gradcam',
  (parser) =>
    parser
      .parserConfiguration({ 'duplicate-arguments-array': false, 'parse-positional-numbers': false })
      .usage(
        '$0 IMAGE… [options]\n\nMaps of what a discriminator, or any .onnx classifier with one picture input, looks at, for picture ' +
          'files and folders of pictures. Maps are laid on the part of each picture that the network sees: of most models ' +
          'that is the middle.',
      )
      .options({
        model: { type: 'string', describe: 'Discriminator or classifier [default: the latest export]' },
        layer: {
          type: 'string',
          default: 'last-conv',
          describe: 'last-conv, all-convs, an index or a name from --list-layers; several with commas, averaged with +',
        },
        tokens: { type: 'string', describe: 'HEIGHTxWIDTH of a layer of tokens, where their number does not tell' },
        method: {
          type: 'string',
          default: 'gradcam,gradcam++',
          describe: 'all, or names from the list below with commas',
        },
        target: {
          type: 'string',
          describe: 'What to explain, see below; one, or one per picture with commas [default: fake, or the top class]',
        },
        labels: { type: 'string', describe: "File with the classes' names, one per line or JSON" },
        output: { type: 'string', describe: 'Output, or any value, that holds the scores [default: the first]' },
        augment: { type: 'boolean', default: false, describe: 'Average over mirrored, darker and brighter views' },
        eigen: {
          type: 'boolean',
          default: false,
          describe: 'First principal component instead of the sum of weighted activations',
        },
        mean: {
          type: 'string',
          describe: 'Of channels 0…1, one or with commas [default: as the model says, or ImageNet]',
        },
        std: { type: 'string', describe: 'The same' },
        size: { type: 'string', describe: 'HEIGHTxWIDTH of the input, where the model leaves it open [default: 224]' },
        resize: { choices: ['crop', 'squash', 'pad'] as const, describe: 'How pictures get that size [default: crop]' },
        'channels-last': {
          type: 'boolean',
          describe: 'The input is [batch, height, width, channels] [default: guessed]',
        },
        out: {
          type: 'string',
          default: 'gradcam',
          describe: 'Folder for figures, heatmaps, overlays, raw values (.npy) and results.json',
        },
        palette: {
          choices: paletteNames,
          default: 'jet' as const,
          describe: 'Colours; diverging shows signed maps, blue where they speak against the target',
        },
        overlay: {
          choices: overlayModes,
          default: 'report' as const,
          describe: 'report: colours mixed in everywhere; blend: as opaque as the map is strong',
        },
        alpha: {
          type: 'number',
          default: 0.5,
          describe: 'Weight of the colours against the picture in overlays, 0…1',
        },
        evaluate: {
          type: 'boolean',
          default: false,
          describe: 'Measure the methods over the pictures instead: a table, plots of curves, results.json',
        },
        'list-layers': {
          type: 'boolean',
          default: false,
          describe: 'Print convolutions and token layers, and stop; * marks what --layer takes',
        },
        device: {
          choices: ['auto', 'cuda', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'Where ONNX Runtime computes',
        },
        seed: { type: 'number', default: 0, describe: 'Of noise and of random maps' },
        samples: { type: 'number', default: 25, describe: 'Noisy copies that the smooth methods average' },
        noise: { type: 'number', default: 0.15, describe: "Their deviation, as a share of the picture's range" },
        steps: { type: 'number', default: 50, describe: 'Of integrated gradients' },
        'random-weights': {
          type: 'number',
          describe: 'Explain with random weights of this seed: what maps look like without anything learnt',
        },
      })
      .epilogue(
        `${TARGETS}\n\nMethods\n${methodGroups.map(({ title, names }) => `  ${title}: ${names.join(', ')}`).join('\n')}`,
      )
      .example('$0 bird.jpg', 'why the latest discriminator calls the picture fake, at its last convolution')
      .example('$0 birds/ --layer all-convs --method gradcam', 'a folder, every convolution, one method')
      .example('$0 bird.jpg --method all --palette turbo --overlay blend', 'a contact sheet of all methods')
      .example('$0 birds/ --method gradcam,hirescam,random --evaluate', 'which method tells more than chance')
      .example('$0 cat.jpg --model resnet50.onnx --target 281', "a class of someone else's classifier"),
  async (options, context) => {
    const { print, signal } = context;
    const explain = await import('ganscope/explain');
    const { Explainer, emptyMapNote, explainFiles, formattedNumber, methods, verdict } = explain;
    const { parsedPreparation, parsedSize, picturePaths, resolveModel, resolveRun } =
      await import('ganscope/inference');
    const { InputError } = await import('ganscope/errors');
    const { layerLines } = await import('./lines.js');
    const { parsedMethods } = await import('./parse/methods.js');
    const { parsedTargets } = await import('./parse/targets.js');

    const paths = await picturePaths(options._.map(String));
    if (paths.length === 0 && !options.listLayers)
      throw new InputError('IMAGE: expected picture files, or folders of them; got none');
    const parsed = parsedTargets(options.target);
    const tokens = options.tokens === undefined ? undefined : parsedSize(options.tokens, 'tokens');
    const { eigen, augment } = options;
    const chosen = {
      layers: options.layer,
      ...(tokens && { tokens }),
      methods: parsedMethods(options.method),
      eigen,
      augment,
      runs: { seed: options.seed, samples: options.samples, noise: options.noise, steps: options.steps },
    };
    const run = options.model === undefined ? await resolveRun().catch(() => undefined) : undefined;
    const { path: model, note } = await resolveModel('discriminator', options.model, run);
    print.info(note);
    const { device, randomWeights } = options;
    const loading = {
      device,
      preparation: parsedPreparation(options),
      ...(options.output !== undefined && { output: options.output }),
      ...(options.labels !== undefined && { labels: await explain.loadLabels(options.labels) }),
    };
    const explainer = await Explainer.load(model, {
      ...loading,
      ...(randomWeights !== undefined && { randomWeights }),
    });
    context.device(explainer.choice);
    if (options.listLayers) {
      const taken = explainer.chosenLayers(options.layer, tokens).flat();
      print.data(layerLines(explainer.layers(tokens), taken).join('\n'));
      return;
    }
    const targets = await explain.loadTargets(parsed, explainer.input);
    const bar = context.progress('pictures');
    const { palette, overlay, alpha, out, seed } = options;
    if (options.evaluate) {
      if (randomWeights !== undefined) throw new InputError('--random-weights: is part of --evaluate; leave it out');
      await explainer.dispose();
      const evaluating = explain.evaluateFiles(model, paths, {
        ...loading,
        ...chosen,
        ...(targets && { targets }),
        out,
        seed,
        provenance: {
          version,
          model,
          device: explainer.choice.device,
          options: { ...chosen, target: options.target, seed },
        },
        signal,
        progress_callback: ({ loaded }) => bar.update(loaded, paths.length),
      });
      const { evaluation, skipped, files } = await evaluating.finally(() => bar.stop());
      print.data(`Means over ${evaluation.pictures} pictures:\n\n${explain.evaluationTable(evaluation)}\n\n`);
      report(context, files, skipped);
      return;
    }
    const explaining = explainFiles(explainer, paths, {
      ...chosen,
      ...(targets && { targets }),
      out,
      style: { palette, overlay, alpha },
      provenance: {
        version,
        model,
        device: explainer.choice.device,
        options: { ...chosen, target: options.target, palette, overlay, alpha, randomWeights },
      },
      signal,
      progress_callback: ({ loaded, total, path }) => bar.update(loaded, total, path),
      onMap: (path, explanation) => {
        const { layer, method, raw, rawHeight, rawWidth } = explanation;
        const largest = raw.reduce((a, b) => Math.max(a, b), 0);
        print.info(`${path}  ${layer.name}  ${methods[method].title}  ${verdict(explanation)}`);
        print.info(`  ${emptyMapNote(explanation) ?? `${rawHeight}×${rawWidth} map, 0 … ${formattedNumber(largest)}`}`);
      },
    });
    const { maps, skipped, files } = await explaining.finally(() => bar.stop());
    await explainer.dispose();
    report(context, files, skipped);
    print.info(`  and heatmap, overlay and values of ${maps.length} maps in ${out}`);
  },
  { takesFiles: true },
);

function report(
  { print, skipped }: CommandContext,
  files: readonly string[],
  left: readonly { reason: string }[],
): void {
  skipped(left.map(({ reason }) => reason));
  print.info('Files:');
  for (const file of files) print.info(`  ${file}`);
}
