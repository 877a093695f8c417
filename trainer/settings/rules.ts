/** @file What settings have to be beside others, so that none is given in vain. */
import { adaDefaults, hasTargets, residualSizes, type GanConfig } from './config.js';

/** What a setting has to be beside others. */
export interface Rule {
  name: keyof GanConfig;
  isRight: boolean;
  expected: string;
}

/** What a configuration's settings have to be beside each other. */
export const settingRules = (config: GanConfig): Rule[] => [...archRules(config), ...lossRules(config)];

/**
 * What settings that differ from their preset have to be beside others to have a meaning. Runs that are there already may have them.
 * @param preset whose values nobody gave
 */
export function usedSettings(config: GanConfig, preset: Readonly<GanConfig>): Rule[] {
  const { lrDecay, ema, norm, normD, firstBatchNorm } = config;
  const hasNorm = norm === 'batch' || normD === 'batch';
  const used = (name: keyof GanConfig, isUsed: boolean, expected: string): Rule => {
    return { name, isRight: isUsed || config[name] === preset[name], expected };
  };
  return [
    used('lrDecayStart', lrDecay !== 'none', '`lrDecay` linear or cosine beside it'),
    used('emaWarmup', ema > 0, '`ema` beside it'),
    used('firstBatchNorm', normD === 'batch' || !firstBatchNorm, '`normD` batch beside it'),
    used('batchNormEpsilon', hasNorm, '`norm` batch beside it'),
    used('batchNormInitStd', hasNorm, '`norm` batch beside it'),
  ];
}

/** What only some architectures have. */
function archRules({ arch, head, firstBatchNorm, norm, normD, conditional, imageSize }: GanConfig): Rule[] {
  if (arch === 'dcgan') return [];
  return [
    {
      name: 'imageSize',
      isRight: residualSizes.some((size) => size === imageSize),
      expected: `one of ${residualSizes.join(', ')} with the networks resnet`,
    },
    { name: 'head', isRight: head === 'dense', expected: 'dense with the networks resnet' },
    { name: 'normD', isRight: normD === 'none', expected: 'none with the networks resnet' },
    { name: 'firstBatchNorm', isRight: !firstBatchNorm, expected: 'false with the networks resnet' },
    {
      name: 'norm',
      isRight: !conditional || norm === 'batch',
      expected: 'batch with the networks resnet and labels, which are in the norms of the generator',
    },
  ];
}

/** Settings that have a meaning for some losses only. */
function lossRules(config: GanConfig): Rule[] {
  const { loss, labelSmoothing, r1, r2, r1Every, normD, ada, adaSignal, diffaugment, heldOut } = config;
  const needsAda = (name: keyof typeof adaDefaults) => ({
    name,
    isRight: ada || config[name] === adaDefaults[name],
    expected: 'ada beside it',
  });
  const own = (name: 'gp' | 'clip', owner: GanConfig['loss']) => ({
    name,
    isRight: loss === owner ? config[name] > 0 : config[name] === 0,
    expected: loss === owner ? `a number above 0 for the loss ${owner}` : `the loss ${owner} beside it`,
  });
  return [
    {
      name: 'labelSmoothing',
      isRight: labelSmoothing === 0 || hasTargets(config),
      expected: `0, as the ${loss} loss has no labels`,
    },
    { name: 'r1Every', isRight: r1Every === 1 || r1 > 0 || r2 > 0, expected: 'r1 or r2 beside it' },
    { name: 'ada', isRight: !ada || diffaugment.length > 0, expected: 'diffaugment beside it' },
    {
      name: 'ada',
      isRight: !ada || adaSignal !== 'sign' || loss === 'bce' || loss === 'hinge',
      expected:
        `the loss bce or hinge beside it with \`adaSignal\` sign, as the sign of the logits of ${loss} does not tell ` +
        'real from generated (`adaSignal` held-out goes with every loss)',
    },
    needsAda('adaSignal'),
    {
      name: 'heldOut',
      isRight: !ada || adaSignal !== 'held-out' || heldOut > 0,
      expected:
        'a number above 0 with `adaSignal` held-out, which `ada` follows (`adaSignal` sign needs no held-out pictures)',
    },
    needsAda('adaTarget'),
    needsAda('adaImages'),
    own('gp', 'wgan-gp'),
    own('clip', 'wgan'),
    {
      name: 'normD',
      isRight: loss !== 'wgan-gp' || normD === 'none',
      expected: 'none with the loss wgan-gp, whose penalty is of single pictures',
    },
  ];
}
