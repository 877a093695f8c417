#!/usr/bin/env node
/** @file gan-export: a trained run's networks as .onnx files, compared with the originals. */
import { runCommand } from './command.js';

await runCommand(
  'gan-export',
  (parser) =>
    parser
      .usage(
        '$0 [options]\n\nWrites generator.onnx and discriminator.onnx of a run and checks that they compute what the trained ' +
          'networks do: a difference of more than 1e-4 is a failure (exit code 1), and the file gets .failed after its name. ' +
          'An earlier export in the same place is replaced.',
      )
      .options({
        onnx: { type: 'boolean', default: true, describe: 'Write ONNX, the only format' },
        run: { type: 'string', describe: 'Folder of the run [default: the latest]' },
        checkpoint: { type: 'string', describe: "Folder of the checkpoint [default: the run's newest]" },
        out: { type: 'string', describe: "Folder for the files [default: the run's onnx/]" },
        opset: { type: 'number', default: 17, describe: 'ONNX operator set, 13 to 21' },
        'fold-batchnorm': { type: 'boolean', default: false, describe: 'Merge batch norms into convolutions' },
      })
      .example('$0 --onnx', 'the newest checkpoint of the latest run')
      .example('$0 --onnx --run runs/birds --fold-batchnorm --out birds-onnx', 'a chosen run, smaller and faster'),
  async ({ onnx, run, checkpoint, out, opset, foldBatchnorm }) => {
    const { InputError } = await import('../onnx/errors.js');
    if (!onnx) throw new InputError('--no-onnx: expected --onnx, the only format; there is nothing to export');
    const { exportedRun, MAX_DIFFERENCE } = await import('../trainer/export.node.js');
    const exported = await exportedRun({ run, checkpoint, out, opset, foldBatchNorm: foldBatchnorm });
    console.log(`Exported ${exported.checkpoint} (step ${exported.step}), opset ${opset}`);
    for (const { path, bytes, differences, passed } of exported.files) {
      console.log(`  ${path}  ${(bytes / 2 ** 20).toFixed(1)} MiB`);
      for (const [output, difference] of differences) {
        console.log(`    ${output}: largest difference from the trained network ${difference.toExponential(1)}`);
      }
      if (passed) continue;
      console.error(`gan-export: ${path}: expected differences of at most ${MAX_DIFFERENCE}; do not use this file`);
      process.exitCode = 1;
    }
  },
);
