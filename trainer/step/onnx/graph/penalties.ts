/** @file Penalties of the discriminator's gradient by its pictures, as ONNX nodes: they are differentiated once more by its weights. */
import { gradients, type GraphBuilder } from '../../../../onnx/index.js';

/** Logits of pictures, and the values on the way that are treated as constants: vectors of spectral norm. */
export interface Judged {
  pictures: string;
  logit: string;
  constant: readonly string[];
}

/** Along all axes of one picture [C, H, W]. */
const perPicture = { axes: [1, 2, 3], keepdims: 0 };

/** ∂ΣD/∂x [N, C, H, W]: with batch norm pictures also move each other's logits, as in PyTorch's `autograd.grad(logits.sum(), x)`. */
function slopeOf(b: GraphBuilder, { pictures, logit, constant }: Judged): string {
  const slope = gradients(b, logit, [pictures], { constant }).get(pictures);
  if (!slope) throw new Error('the logits do not depend on the pictures');
  return slope;
}

const mean = (b: GraphBuilder, value: string) => b.op('ReduceMean', [value], { keepdims: 0 });

/** γ/2·E[|∇D(x)|²]: R1 at real pictures, R2 at generated ones (Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 9 and 10). */
export function zeroCentredPenalty(b: GraphBuilder, judged: Judged, gamma: number): string {
  return b.mul(
    mean(b, b.op('ReduceSumSquare', [slopeOf(b, judged)], perPicture)),
    b.scalar(gamma / 2),
    'zero_centred_penalty',
  );
}

/** λ·E[(|∇D(x̂)| − 1)²] (Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3). */
export function unitSlopePenalty(b: GraphBuilder, judged: Judged, lambda: number): string {
  const gap = b.sub(b.op('ReduceL2', [slopeOf(b, judged)], perPicture), b.scalar(1));
  return b.mul(mean(b, b.mul(gap, gap)), b.scalar(lambda), 'unit_slope_penalty');
}

/** x̂ = ε·x + (1 − ε)·x̃ with one ε of each pair of pictures. @param share the numbers ε, [N, 1, 1, 1] */
export function interpolated(b: GraphBuilder, real: string, fake: string, share: string): string {
  return b.add(fake, b.mul(share, b.sub(real, fake)), 'interpolated');
}
