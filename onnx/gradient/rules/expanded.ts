/** @file Gradients of operators that are differentiated as the elementary operators that they stand for. */
import { compress } from '../../expand/compress.js';
import { globalLpPool, lpNormalization, lpPool, meanVarianceNormalization } from '../../expand/lp-norms.js';
import { gridSample } from '../../expand/sampling/grid-sample.js';
import { roiAlign } from '../../expand/sampling/roi-align.js';
import { recurrent } from '../../expand/recurrent.js';
import { bothBranches, unrolledLoop } from '../../expand/subgraphs.js';
import type { Expansion } from '../../expand/expansion.js';
import { isFloat } from './common.js';
import { throughOthers } from './rule.js';

const through = (expansion: Expansion) => throughOthers(({ node, b }) => expansion(node, b));

export const expandedRules = {
  Compress: through(compress),
  GRU: through(recurrent),
  GlobalLpPool: through(globalLpPool),
  GridSample: through(gridSample),
  LSTM: through(recurrent),
  LpNormalization: through(lpNormalization),
  LpPool: through(lpPool),
  MeanVarianceNormalization: through(meanVarianceNormalization),
  RNN: through(recurrent),
  // Zero towards the regions, as in torchvision.
  RoiAlign: throughOthers(({ node, b }) => roiAlign(node, b), [0]),
};

/** Operators of subgraphs. Their shapes are those that the file states. */
export const subgraphRules = {
  If: throughOthers(({ node, b, x, wanted }) => {
    const varying = x.filter((value, index) => wanted(index) && isFloat(b.types.get(value)?.type));
    return bothBranches(node, b, varying);
  }),
  Loop: through(unrolledLoop),
};
