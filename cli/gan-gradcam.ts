#!/usr/bin/env node
/** @file gan-gradcam: shows what a discriminator or classifier looks at in pictures. */
import { methodGroups } from '../explain/methods.js';
import { runCommand } from './command.js';

await runCommand(
  'gan-gradcam',
  (parser) =>
    parser
      .parserConfiguration({ 'duplicate-arguments-array': false, 'parse-positional-numbers': false })
      .usage(
        '$0 IMAGE… [options]\n\nClass activation maps of a discriminator or of any .onnx classifier with one picture input. ' +
          'The figure shows what the network sees of each picture: of most models that is the middle.',
      )
      .options({
        model: { type: 'string', describe: 'Discriminator or classifier [default: the latest export]' },
        layer: {
          type: 'string',
          default: 'last-conv',
          describe: 'last-conv, all-convs, an index or a name from --list-layers, or several with commas',
        },
        method: {
          type: 'string',
          default: 'gradcam,gradcam++',
          describe: 'all, or names from the list below with commas',
        },
        target: {
          type: 'string',
          describe:
            "real, fake or a class's number; one, or one per picture with commas [default: fake, or the top class]",
        },
        out: {
          type: 'string',
          default: 'gradcam',
          describe: 'Folder for the figure, heatmaps (.png) and raw values (.npy)',
        },
        'list-layers': { type: 'boolean', default: false, describe: "Print the network's convolutions and stop" },
        device: {
          choices: ['auto', 'cuda', 'webgpu', 'cpu'] as const,
          default: 'auto' as const,
          describe: 'Where ONNX Runtime computes',
        },
        eigen: {
          type: 'boolean',
          default: false,
          describe: 'First principal component instead of the sum of weighted activations',
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
      .epilogue(`Methods\n${methodGroups.map(({ title, names }) => `  ${title}: ${names.join(', ')}`).join('\n')}`)
      .example('$0 bird.jpg', 'why the latest discriminator calls the picture fake, at its last convolution')
      .example('$0 *.jpg --layer all-convs --method gradcam', 'every convolution, one method')
      .example('$0 cat.jpg --model resnet50.onnx --target 281', "a class of someone else's classifier"),
  async (options) => {
    const { Explainer, emptyMapNote, methods, parsedMethods, parsedTargets, verdict, writeExplanations } =
      await import('../explain/index.js');
    const { number } = await import('../explain/verdict.js');
    const { resolvedDevice } = await import('../inference/devices.node.js');
    const { decodedPicture } = await import('../inference/pictures.node.js');
    const { chosenModel } = await import('../inference/default-model.node.js');
    const { resolvedRun } = await import('../trainer/runs.node.js');
    const { InputError } = await import('../onnx/errors.js');

    const paths = options._.map(String);
    if (paths.length === 0 && !options.listLayers)
      throw new InputError('IMAGE: expected one or more picture files; got none');
    const chosen = {
      layers: options.layer,
      methods: parsedMethods(options.method),
      targets: parsedTargets(options.target),
      eigen: options.eigen,
      runs: { seed: options.seed, samples: options.samples, noise: options.noise, steps: options.steps },
    };
    const pictures = await Promise.all(paths.map((path) => decodedPicture(path)));
    const run = options.model === undefined ? await resolvedRun().catch(() => undefined) : undefined;
    const { path: model, note } = await chosenModel('discriminator', options.model, run);
    console.log(note);
    const { device, notes } = await resolvedDevice(options.device);
    for (const line of notes) console.log(line);
    const { randomWeights } = options;
    const explainer = await Explainer.load(model, { device, ...(randomWeights !== undefined && { randomWeights }) });
    if (options.listLayers) {
      for (const { index, name, op, shape } of explainer.layers())
        console.log(`${index}\t${name}\t${op}\t[${shape.join(', ')}]`);
      return;
    }
    const explanations = await explainer.explain(pictures, chosen);
    await explainer.dispose();
    for (const explanation of explanations) {
      const { picture, layer, method, raw, rawHeight, rawWidth } = explanation;
      console.log(`${paths[picture]}  ${layer.name}  ${methods[method].title}  ${verdict(explanation)}`);
      const largest = raw.reduce((a, b) => Math.max(a, b), 0);
      console.log(`  ${emptyMapNote(explanation) ?? `${rawHeight}×${rawWidth} map, 0 … ${number(largest)}`}`);
    }
    const viewed = pictures.map((picture, i) => ({ path: paths[i] ?? '', view: explainer.view(picture) }));
    console.log('Files:');
    for (const file of await writeExplanations(options.out, viewed, explanations)) console.log(`  ${file}`);
  },
  { takesFiles: true },
);
