/** @file What a network says of pictures that were found: the score that was maximised, its probability, and the top classes. */
import { openSession } from '#runtime';
import { appendScoreRows } from '../../../inference/networks/score-head.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { networkInput } from '../../../inference/pictures/pixels.js';
import {
  sessionTensor,
  type ResolvedDevice,
  type Session,
  type SessionTensor,
} from '../../../inference/runtime/session.js';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import type { Layer } from '../../layers/layer.js';
import { repeated, rowOf } from '../../network/tensors.js';
import { classScores, type ClassScore } from '../../targets/class-scores.js';
import { targetProbability, targetScore } from '../../targets/targets.js';
import { appendedValues, type JudgingNetwork, type PictureRows } from '../shared/judging-network.js';
import type { Objective } from './objective.js';
import { channelMeans } from './score.js';

/** Classes that are told of each picture. */
const MOST_CLASSES = 5;

/** What is said of a picture. */
export interface Judgement {
  score: number;
  /** Missing for channels, and where the network has no probabilities. */
  probability?: number;
  classes: ClassScore[];
}

/** A network that judges pictures of one size, one at a time. */
export class Judge implements AsyncDisposable {
  private constructor(
    private readonly network: JudgingNetwork,
    private readonly session: Session,
    private readonly size: PictureRows,
  ) {}

  /** @param layer whose channels are objectives, if there is one */
  static async open(
    network: JudgingNetwork,
    size: PictureRows,
    layer: Layer | undefined,
    device: ResolvedDevice,
  ): Promise<Judge> {
    const { head } = network;
    const b = new GraphBuilder();
    const levels = b.input('levels', 'float32', [size.rows, size.channels, size.height, size.width]);
    const valueOf = appendedValues(b, levels, size, network, [head.logits, ...(layer ? [layer.value] : [])]);
    b.output(appendScoreRows(b, { ...head, logits: valueOf(head.logits) }), LOGITS);
    if (layer) b.output(channelMeans(b, layer, valueOf(layer.value), size.rows), MEANS);
    return new Judge(network, await openSession(modelOfGraph(b.graph), { device }), size);
  }

  async judged(picture: Picture, { layer, weights, target }: Objective): Promise<Judgement> {
    const { rows, channels, height, width } = this.size;
    const own = networkInput(picture, { mean: [0, 0, 0], std: [1, 1, 1] });
    const dims = [rows, channels, height, width];
    const results = await this.session.run({ levels: sessionTensor(repeated(own, rows), dims) });
    const logits = rowOf(results[LOGITS] as SessionTensor, 0);
    const { head, labels } = this.network;
    const probability = target === undefined ? undefined : targetProbability(head, logits, target);
    return {
      score: targetScore(weights, layer ? rowOf(results[MEANS] as SessionTensor, 0) : logits),
      ...(probability !== undefined && { probability }),
      classes: classScores(head, logits, MOST_CLASSES, labels),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.release();
  }
}

const [LOGITS, MEANS] = ['judge/logits', 'judge/means'];
