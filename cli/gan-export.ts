#!/usr/bin/env node
/** @file gan-export: a trained run's networks, or a tfjs layers model, as .onnx files, compared with the originals. */
import './common/node-version.js';
import type { ExportedPort, LayersExportOptions } from 'ganscope/exporter';
import { runCommand, type CommandContext } from './command.js';

/** Parameters that this command has flags for. */
const changing = new Set(['size', 'channels', 'output', 'target', 'layers']);

await runCommand(
  'gan-export',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nWrites generator.onnx and discriminator.onnx of a run and compares their outputs with those of the ' +
          'trained networks. If they differ by more than 1e-4 (0.05 with float16, 1 level with uint8), the file is named .failed and the exit code is 1. ' +
          'An earlier export in the same folder is replaced. --with-gradcam also writes discriminator-gradcam.onnx (opset 17), ' +
          'whose outputs are the logits and a heatmap of the size of the picture; with --model it does this for any .onnx classifier. ' +
          'Without a run, --model model.json converts a TensorFlow.js layers model that someone else made, with the same comparison ' +
          '(at most 1e-4 of the largest number of each output).',
      )
      .options({
        onnx: { type: 'boolean', default: true, describe: 'Write ONNX files (the only format)' },
        run: { type: 'string', describe: 'Folder of the run [default: the latest]' },
        checkpoint: {
          type: 'string',
          describe:
            "newest, best (marked by gan-train --eval), or a folder in the run's checkpoints/ [default: newest]",
        },
        out: {
          type: 'string',
          describe:
            "Folder for the files, or with a tfjs model the file [default: the run's onnx/; the model's folder]",
        },
        opset: { type: 'number', describe: 'ONNX operator set, 13 to 21 [default: 17]' },
        ema: {
          type: 'boolean',
          describe:
            'Export the averaged generator, or with --no-ema the other one [default: the averaged one if there is one]',
        },
        'fold-batchnorm': { type: 'boolean', default: false, describe: 'Merge batch norms into convolutions' },
        fp16: {
          type: 'boolean',
          default: false,
          describe: 'Also write …-fp16.onnx: weights and most operators in float16, inputs and outputs in float32',
        },
        uint8: {
          type: 'boolean',
          default: false,
          describe: 'Also write generator-uint8.onnx with uint8 pictures [N, 3, H, W], as torch-fidelity expects',
        },
        'with-gradcam': {
          type: 'boolean',
          default: false,
          describe: 'Also write a self-explaining model: logits and heatmap',
        },
        model: {
          type: 'string',
          describe:
            'Instead of a run: a tfjs layers model (model.json, its folder or its URL), or with --with-gradcam an .onnx classifier',
        },
        layer: {
          type: 'string',
          describe: 'With --with-gradcam: layer, as in gan-gradcam; several are averaged [default: auto]',
        },
        method: { type: 'string', describe: 'With --with-gradcam: method, as in gan-gradcam [default: gradcam]' },
        target: {
          type: 'string',
          describe:
            'With --with-gradcam: input (chosen at run time), top, real, fake or a class number [default: fake, or input]',
        },
        output: {
          type: 'string',
          describe: 'With --with-gradcam: output or inner value with the scores, as in gan-gradcam',
        },
        size: {
          type: 'string',
          describe:
            'HEIGHTxWIDTH of the input, if the model does not fix it: of a tfjs model, or with --with-gradcam [default there: 224]',
        },
        channels: {
          type: 'number',
          describe: 'With --with-gradcam: channels of the input, if the model does not fix them',
        },
        input: {
          type: 'string',
          requiresArg: true,
          describe:
            'With --with-gradcam: another input as NAME=FILE or NAME=NUMBERS, fixed in the file; repeat for several',
        },
        label: {
          type: 'string',
          requiresArg: true,
          describe: 'With --with-gradcam: class of a conditional discriminator, by name or number, fixed in the file',
        },
        'explain-input': {
          type: 'string',
          describe: 'With --with-gradcam: name of the picture input, if several could be it [default: the first]',
        },
      })
      .example('$0 --onnx', 'the newest checkpoint of the latest run')
      .example('$0 --onnx --run runs/birds --fold-batchnorm --out birds-onnx', 'a chosen run; smaller and faster files')
      .example('$0 --onnx --model tfjs/model.json', 'a TensorFlow.js layers model, with the weights beside it')
      .example('$0 --with-gradcam --model resnet50.onnx', 'any classifier, with a heatmap of a class'),
  async (
    { onnx, model, out, run, checkpoint, opset, ema, foldBatchnorm, fp16, uint8, withGradcam, ...explaining },
    { print, signal, failed },
  ) => {
    const { InputError } = await import('ganscope/errors');
    if (!onnx) throw new InputError('--no-onnx: expected --onnx, the only format; there is nothing to export');
    const { layer, method, target, output, size, channels, input, label, explainInput } = explaining;
    const reading = { output, size, channels, input, 'explain-input': explainInput };
    const { isLayersSource } = await import('ganscope/exporter');
    const isLayers = model !== undefined && (await isLayersSource(model));
    const forHeatmaps = { layer, method, target, label, ...reading, size: isLayers ? undefined : size };
    const alone = Object.entries(forHeatmaps).find(([, value]) => value !== undefined);
    if (alone && !withGradcam) throw new InputError(`--${alone[0]}: expected together with --with-gradcam`);
    const needless = Object.entries(reading).find(([, value]) => value !== undefined);
    if (needless && model === undefined) throw new InputError(`--${needless[0]}: expected together with --model`);
    const wanted: Explaining = { out, layer, method, target, output, size, channels, label, explainInput };
    if (model !== undefined) {
      const forRuns = { run, checkpoint, ema, fp16: fp16 || undefined, uint8: uint8 || undefined };
      const ofNetworks = isLayers ? {} : { opset, 'fold-batchnorm': foldBatchnorm || undefined };
      const found = Object.entries({ ...forRuns, ...ofNetworks }).find(([, value]) => value !== undefined);
      if (found) throw new InputError(`--${found[0]}: is for exporting a run; got --model too`);
      if (isLayers) {
        const { parsedPreparation } = await import('ganscope/inference');
        const path = await writeLayersModel(
          model,
          { out, opset, foldBatchNorm: foldBatchnorm, signal, size: parsedPreparation({ size }).size },
          { print, failed },
        );
        if (!withGradcam || path === undefined) return;
        return writeExplained(path, { ...wanted, out: undefined, size: undefined }, { print, failed });
      }
      if (withGradcam) return writeExplained(model, wanted, { print, failed });
      throw new InputError(
        `--model: expected the model.json of a tfjs layers model, or an .onnx classifier together with --with-gradcam; got "${model}"`,
      );
    }
    const { exportRun } = await import('ganscope/trainer');
    const exported = await exportRun({
      run,
      checkpoint,
      out,
      opset,
      foldBatchNorm: foldBatchnorm,
      ema,
      fp16,
      uint8,
      signal,
    });
    print.info(
      `Exported ${exported.checkpoint} (step ${exported.step}${exported.averaged ? ', averaged generator' : ''}), opset ${opset ?? 17}`,
    );
    for (const { path, bytes, differences, limit, passed } of exported.files) {
      print.info(`  ${path}  ${(bytes / 2 ** 20).toFixed(1)} MiB`);
      for (const [name, difference] of differences) {
        print.info(`    ${name}: largest difference from the trained network ${shown(difference)}`);
      }
      if (!passed) failed(differsTooMuch(path, limit));
    }
    for (const path of exported.removed) print.info(`  removed ${path}, which was of an earlier export`);
    const discriminator = exported.files.find(({ role, passed }) => role === 'discriminator' && passed);
    signal.throwIfAborted();
    if (withGradcam && discriminator) await writeExplained(discriminator.path, wanted, { print, failed });
  },
  { repeatable: ['input'] },
);

/** Converts a tfjs layers model and says what the file takes and gives. @returns its path if it may be used */
async function writeLayersModel(
  source: string,
  options: LayersExportOptions,
  { print, failed }: Pick<CommandContext, 'print' | 'failed'>,
): Promise<string | undefined> {
  const { exportLayersFile } = await import('ganscope/exporter');
  const { path, bytes, layers, inputs, outputs, passed } = await exportLayersFile(source, options);
  print.info(`Exported ${source} (${layers} layers), opset ${options.opset ?? 17}`);
  print.info(`  ${path}  ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  for (const input of inputs) print.info(`    takes ${portText(input)}`);
  for (const output of outputs) {
    const { difference, limit } = output;
    print.info(`    gives ${portText(output)}`);
    print.info(`      largest difference from tfjs ${shown(difference)} (at most ${limit.toExponential(1)})`);
    if (!(difference <= limit)) failed(differsTooMuch(path, Number(limit.toPrecision(2))));
  }
  return passed ? path : undefined;
}

function portText({ name, shape, tfjsShape }: ExportedPort): string {
  const text = `${name} [${shape.join(', ')}]`;
  return tfjsShape ? `${text}, in tfjs [${tfjsShape.join(', ')}]` : text;
}

/** Options of the self-explaining form. */
type Explaining = Partial<
  Record<'out' | 'layer' | 'method' | 'target' | 'output' | 'size' | 'label' | 'explainInput', string | undefined>
> & { channels?: number | undefined };

/** Writes the self-explaining form of a model and says what it takes and gives. */
async function writeExplained(
  source: string,
  { out, layer, method, target, output, label, explainInput, ...prepared }: Explaining,
  { print, failed }: Pick<CommandContext, 'print' | 'failed'>,
): Promise<void> {
  const { loadInputs, MAX_HEATMAP_DIFFERENCE, parsedHeatmapTarget, ...explain } = await import('ganscope/explain');
  const { selfExplainingMethod, selfExplainingPath, writeSelfExplaining } = explain;
  const { parsedInputs, parsedPreparation } = await import('ganscope/inference');
  const { givenTexts } = await import('./command.js');
  const { assumptionLines } = await import('./common/lines.js');
  const file = await writeSelfExplaining(source, selfExplainingPath(source, out), {
    ...(layer !== undefined && { layers: layer }),
    ...(method !== undefined && { method: selfExplainingMethod(method) }),
    ...(target !== undefined && { target: parsedHeatmapTarget(target) }),
    ...(output !== undefined && { output }),
    ...(explainInput !== undefined && { explainInput }),
    ...(label !== undefined && { label }),
    preparation: parsedPreparation(prepared),
    inputs: await loadInputs(parsedInputs(givenTexts('input'))),
  });
  const own = file.assumptions.map((each) => ({ ...each, options: each.options.filter((name) => changing.has(name)) }));
  for (const line of assumptionLines(own)) print.info(line);
  const inputs = [file.input, file.targetInput ?? []].flat();
  print.info(`  ${file.path}  ${(file.bytes / 2 ** 20).toFixed(1)} MiB`);
  print.info(
    `    ${inputs.join(', ')} → ${file.logits}, ${file.heatmap} (${file.method} of ${file.layers.join(', ')})`,
  );
  print.info(`    ${file.heatmap}: largest difference from gan-gradcam's map ${file.difference.toExponential(1)}`);
  if (!file.passed) failed(differsTooMuch(file.path, MAX_HEATMAP_DIFFERENCE));
}

/** Levels of bytes are whole numbers. */
function shown(difference: number): string {
  return Number.isInteger(difference) ? `${difference}` : difference.toExponential(1);
}

function differsTooMuch(path: string, limit: number): string {
  return `${path}: expected differences of at most ${limit}; do not use this file`;
}
