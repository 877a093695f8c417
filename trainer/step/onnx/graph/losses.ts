/** @file The losses as ONNX nodes: one entry per pair of losses. Each is a scalar of logits [N, 1], a mean over the batch. */
import type { GraphBuilder } from '../../../../onnx/index.js';
import type { GanConfig, LossName } from '../../../settings/config.js';
import type { moreResults } from '../../state/overfitting.js';

/** The losses of the two networks. */
interface Loss {
  /** @param smoothing amount to subtract from the target 1 of real pictures */
  discriminator(b: GraphBuilder, onReal: string, onFake: string, smoothing: number): string;
  /** @param onReal logits of real pictures, for relativistic losses */
  generator(b: GraphBuilder, onFake: string, onReal: string | undefined): string;
}

const mean = (b: GraphBuilder, value: string, name?: string) => b.op('ReduceMean', [value], { keepdims: 0 }, name);

/** mean(log(1 + e^x)): binary cross-entropy of logits −x with label one, or of x with label zero. */
const meanSoftplus = (b: GraphBuilder, logit: string, name?: string) => mean(b, b.op('Softplus', [logit]), name);

/** mean(max(0, 1 + x)). */
const meanHinge = (b: GraphBuilder, x: string) => mean(b, b.op('Relu', [b.add(x, b.scalar(1))]));

/** mean((x − target)²). */
function meanSquares(b: GraphBuilder, x: string, target: number): string {
  const gap = target === 0 ? x : b.sub(x, b.scalar(target));
  return mean(b, b.mul(gap, gap));
}

/** ½·mean((x − target)²). */
const halfSquares = (b: GraphBuilder, x: string, target: number, name?: string) =>
  b.mul(meanSquares(b, x, target), b.scalar(0.5), name);

/** x minus the mean of the logits of the other kind of pictures: how much more real it looks than they do. */
const relative = (b: GraphBuilder, x: string, others: string) => b.sub(x, mean(b, others), 'relative');

/**
 * Relativistic average losses (Jolicoeur-Martineau 2018, "The relativistic discriminator"): the loss of a pair of scores is
 * that of relative ones; for the generator, real and generated pictures change places.
 * @param pair loss of D̃(x) for the pictures that should look more real, and of those that should look less so
 */
function relativisticAverage(pair: (b: GraphBuilder, more: string, less: string, name: string) => string): Loss {
  const loss = (b: GraphBuilder, more: string, less: string, name: string) =>
    pair(b, relative(b, more, less), relative(b, less, more), name);
  return {
    discriminator: (b, onReal, onFake) => loss(b, onReal, onFake, 'discriminator_loss'),
    generator: (b, onFake, onReal = '') => loss(b, onFake, onReal, 'generator_loss'),
  };
}

/** −mean(x) + mean(y). */
const wasserstein: Loss = {
  discriminator: (b, onReal, onFake) => b.sub(mean(b, onFake), mean(b, onReal), 'discriminator_loss'),
  generator: (b, onFake) => b.op('Neg', [mean(b, onFake)], {}, 'generator_loss'),
};

const losses: Readonly<Record<LossName, Loss>> = {
  /**
   * Binary cross-entropy (Goodfellow et al. 2014, eq. 1, with the non-saturating generator loss of section 3). One-sided
   * label smoothing (Salimans et al. 2016, section 3.4): with target 1 − s, softplus(−x) becomes softplus(−x) + s·x.
   */
  bce: {
    discriminator: (b, onReal, onFake, smoothing) => {
      const exact = meanSoftplus(b, b.op('Neg', [onReal]));
      const real = smoothing > 0 ? b.add(exact, b.mul(mean(b, onReal), b.scalar(smoothing))) : exact;
      return b.add(real, meanSoftplus(b, onFake), 'discriminator_loss');
    },
    generator: (b, onFake) => meanSoftplus(b, b.op('Neg', [onFake]), 'generator_loss'),
  },
  /** Hinge loss (Lim and Ye 2017; Miyato et al. 2018, eq. 16 and 17). */
  hinge: {
    discriminator: (b, onReal, onFake) =>
      b.add(meanHinge(b, b.op('Neg', [onReal])), meanHinge(b, onFake), 'discriminator_loss'),
    generator: (b, onFake) => b.op('Neg', [mean(b, onFake)], {}, 'generator_loss'),
  },
  /** Least squares with a = 0 and b = c = 1 (Mao et al. 2017, eq. 9); smoothing makes b = 1 − s. */
  lsgan: {
    discriminator: (b, onReal, onFake, smoothing) =>
      b.add(halfSquares(b, onReal, 1 - smoothing), halfSquares(b, onFake, 0), 'discriminator_loss'),
    generator: (b, onFake) => halfSquares(b, onFake, 1, 'generator_loss'),
  },
  /** The critic's negative estimate of the Wasserstein distance (Arjovsky et al. 2017, eq. 2); its weights are clipped. */
  wgan: wasserstein,
  /** The same with a penalty of the gradient (Gulrajani et al. 2017). */
  'wgan-gp': wasserstein,
  /** RaSGAN: binary cross-entropy. */
  rasgan: relativisticAverage((b, more, less, name) =>
    b.add(meanSoftplus(b, b.op('Neg', [more])), meanSoftplus(b, less), name),
  ),
  /** RaHingeGAN. */
  rahinge: relativisticAverage((b, more, less, name) =>
    b.add(meanHinge(b, b.op('Neg', [more])), meanHinge(b, less), name),
  ),
  /** RaLSGAN: least squares around 1 and −1. */
  ralsgan: relativisticAverage((b, more, less, name) => b.add(meanSquares(b, more, 1), meanSquares(b, less, -1), name)),
};

/** The discriminator's loss, halved if configured. */
export function discriminatorLoss(b: GraphBuilder, config: GanConfig, onReal: string, onFake: string): string {
  const loss = losses[config.loss].discriminator(b, onReal, onFake, config.labelSmoothing);
  return config.halveDiscriminatorLoss ? b.mul(loss, b.scalar(0.5), 'discriminator_loss_halved') : loss;
}

/** The generator's loss. @param onReal logits of real pictures, if the loss is relativistic */
export function generatorLoss(b: GraphBuilder, config: GanConfig, onFake: string, onReal?: string): string {
  return losses[config.loss].generator(b, onFake, onReal);
}

/** What only some configurations report of logits (`moreResults`), each made when it is asked for. */
export function moreReports(
  b: GraphBuilder,
  { real, fake, heldOut }: { real: string; fake: string; heldOut: () => string },
): Record<ReturnType<typeof moreResults>[number], () => string> {
  return {
    // The overfitting signal r_t (Karras et al. 2020, "Limited data", eq. 1).
    signReal: () => mean(b, b.op('Sign', [real])),
    logitReal: () => mean(b, real),
    logitHeldOut: () => mean(b, heldOut()),
    logitFake: () => mean(b, fake),
  };
}

/** Mean probability of being real. */
export function meanProbability(b: GraphBuilder, logit: string): string {
  return mean(b, b.op('Sigmoid', [logit]));
}
