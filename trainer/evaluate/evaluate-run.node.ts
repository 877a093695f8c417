/** @file Evaluating a checkpoint of a run: its generator's pictures against real ones. */
import { resolveDevice } from '../../inference/runtime/devices/devices.node.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { Preparation } from '../../inference/networks/network-input.js';
import { openSession } from '../../inference/runtime/runtime.node.js';
import { sessionTensor, type Device, type DeviceChoice } from '../../inference/runtime/session.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.node.js';
import type { Split } from '../data/sets/dataset.js';
import { openDataset } from '../data/formats/table.node.js';
import { ReadablePictures } from '../data/sets/readable.js';
import { generatorOnnx } from '../run/export.node.js';
import { namedCheckpoint, runOfCheckpoint } from '../checkpoint/kept-checkpoints.node.js';
import type { EvaluationOptions } from '../quality/distances.node.js';
import { Evaluator } from '../quality/evaluator.node.js';
import { FeatureNetwork } from '../quality/feature-network.node.js';
import type { QualityRow } from '../quality/quality.js';
import { readRunFile } from '../checkpoint/run-file.node.js';
import { resolveRun } from '../../inference/runs/runs.node.js';

export interface RunEvaluation extends EvaluationOptions {
  /** Folder of the run; the latest if not given. */
  run?: string | undefined;
  /** `newest` (if not given), `best`, or the folder of a checkpoint. */
  checkpoint?: string | undefined;
  /** Real pictures, and which part of them; what the run was trained on if not given. */
  data?: string | undefined;
  split?: Split | undefined;
  followLinks?: boolean | undefined;
  /** Stop at the first picture that is broken, and for skipped files. */
  strict?: boolean | undefined;
  /** `MODEL.onnx` or `MODEL.onnx:LAYER`. */
  features: string;
  /** How that network's pictures are prepared, where its file does not say so. */
  preparation?: Preparation | undefined;
  /** Pictures of each kind. */
  samples: number;
  device?: Device | undefined;
}

/**
 * The distances between a checkpoint's pictures and real ones; its averaged generator's, where it has one.
 * @returns the result, what was assumed, notes on what was compared, where it ran, and what was left out of the real pictures
 * @throws InputError if there is no such run, checkpoint, data, network or device
 * @throws the signal's reason when it is aborted
 */
export async function evaluateRun(
  options: RunEvaluation,
): Promise<{ row: QualityRow; assumed: Assumption[]; notes: string[]; choice: DeviceChoice; skipped: string[] }> {
  const run = await resolveRun(runOfCheckpoint(options.run, options.checkpoint));
  const checkpoint = await namedCheckpoint(run, options.checkpoint);
  const { state, config } = await loadCheckpoint(checkpoint);
  const choice = await resolveDevice(options.device ?? 'auto');
  const { device } = choice;
  const own = await readRunFile(run);
  const source = options.data ?? own.data ?? undefined;
  const dataset = await openDataset(source, {
    ...(options.data === undefined && own.dataOptions),
    ...(options.split !== undefined && { split: options.split }),
    ...(options.followLinks && { followLinks: true }),
    imageSize: config.imageSize,
  });
  const pictures = new ReadablePictures(dataset, options.strict);
  pictures.checkNoneSkipped();
  const network = await FeatureNetwork.load(options.features, { preparation: options.preparation, device });
  try {
    const generator = await openSession(generatorOnnx(state, config), { device, spinning: false });
    const sample = async (latents: Float32Array) => {
      const latent = sessionTensor(latents, [latents.length / config.latentDim, config.latentDim]);
      return (await generator.run({ latent }))['image']?.data as Float32Array;
    };
    try {
      const evaluator = new Evaluator(network, pictures, config, options.samples);
      const { assumed: ofNetwork = [], ...row } = await evaluator.quality(state.step, sample, options);
      const assumed = [...(dataset.assumed ?? []), ...ofNetwork];
      return { row, assumed, notes: [`${checkpoint} against ${dataset.name}`], choice, skipped: pictures.skipped };
    } finally {
      await generator.release();
    }
  } finally {
    await network.dispose();
  }
}
