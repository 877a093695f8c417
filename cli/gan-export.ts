#!/usr/bin/env node
/** @file gan-export: a trained run's networks as .onnx files, compared with the originals. */
import './node-version.js';
import { runCommand, type CommandContext } from './command.js';

await runCommand(
  'gan-export',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nWrites generator.onnx and discriminator.onnx of a run and compares their outputs with those of the ' +
          'trained networks. If they differ by more than 1e-4 (0.05 with float16, 1 level with uint8), the file is named .failed and the exit code is 1. ' +
          'An earlier export in the same folder is replaced. --with-gradcam also writes discriminator-gradcam.onnx (opset 17), ' +
          'whose outputs are the logits and a heatmap of the size of the picture; with --model it does this for any .onnx classifier.',
      )
      .options({
        onnx: { type: 'boolean', default: true, describe: 'Write ONNX files (the only format)' },
        run: { type: 'string', describe: 'Folder of the run [default: the latest]' },
        checkpoint: {
          type: 'string',
          describe: 'newest, best (marked by gan-train --eval), or a folder [default: newest]',
        },
        out: { type: 'string', describe: "Folder for the files [default: the run's onnx/]" },
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
          describe: 'With --with-gradcam: an .onnx discriminator or classifier instead of a run',
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
      })
      .example('$0 --onnx', 'the newest checkpoint of the latest run')
      .example('$0 --onnx --run runs/birds --fold-batchnorm --out birds-onnx', 'a chosen run; smaller and faster files')
      .example('$0 --with-gradcam --model resnet50.onnx', 'any classifier, with a heatmap of a class'),
  async (
    { onnx, model, out, run, checkpoint, opset, ema, foldBatchnorm, fp16, uint8, withGradcam, layer, method, target },
    { print, signal, failed },
  ) => {
    const { InputError } = await import('ganscope/errors');
    if (!onnx) throw new InputError('--no-onnx: expected --onnx, the only format; there is nothing to export');
    const alone = Object.entries({ model, layer, method, target }).find(([, value]) => value !== undefined);
    if (alone && !withGradcam) throw new InputError(`--${alone[0]}: expected together with --with-gradcam`);
    if (model !== undefined) {
      const flags = {
        'fold-batchnorm': foldBatchnorm || undefined,
        fp16: fp16 || undefined,
        uint8: uint8 || undefined,
      };
      const unfit = Object.entries({ run, checkpoint, opset, ema, ...flags });
      const found = unfit.find(([, value]) => value !== undefined);
      if (found) throw new InputError(`--${found[0]}: is for exporting a run; got --model too`);
      return writeExplained(model, { out, layer, method, target }, { print, failed });
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
      for (const [output, difference] of differences) {
        print.info(`    ${output}: largest difference from the trained network ${shown(difference)}`);
      }
      if (!passed) failed(differsTooMuch(path, limit));
    }
    const discriminator = exported.files.find(({ role, passed }) => role === 'discriminator' && passed);
    signal.throwIfAborted();
    if (withGradcam && discriminator)
      await writeExplained(discriminator.path, { out, layer, method, target }, { print, failed });
  },
);

/** Writes the self-explaining form of a model and says what it takes and gives. */
async function writeExplained(
  source: string,
  { out, layer, method, target }: Record<'out' | 'layer' | 'method' | 'target', string | undefined>,
  { print, failed }: Pick<CommandContext, 'print' | 'failed'>,
): Promise<void> {
  const { MAX_HEATMAP_DIFFERENCE, selfExplainingMethod, selfExplainingPath, writeSelfExplaining } =
    await import('ganscope/explain');
  const { parsedHeatmapTarget } = await import('./parse/targets.js');
  const file = await writeSelfExplaining(source, selfExplainingPath(source, out), {
    ...(layer !== undefined && { layers: layer }),
    ...(method !== undefined && { method: selfExplainingMethod(method) }),
    ...(target !== undefined && { target: parsedHeatmapTarget(target) }),
  });
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
