/** @file Advice for a run: on small data sets, on networks that nothing holds back, and on runs that take hours. */
import type { GanConfig } from '../settings/config.js';

/** Below so many pictures a discriminator soon knows them by heart. */
const SMALL_SET = 2000;
/** Seconds from which on a run is long. */
const LONG = 3600;

/** A hint for sets that are too small to train on as they are. */
export function smallSetAdvice({ diffaugment }: GanConfig, pictures: number): string[] {
  if (pictures >= SMALL_SET || diffaugment.length > 0) return [];
  const few = pictures === 1 ? '1 picture is little' : `${pictures} pictures are few`;
  return [`${few}: \`diffaugment\` color,translation,cutout helps with small data sets`];
}

/** A hint for residual discriminators, which have no batch norm, where nothing else limits them. */
export function residualAdvice({ arch, spectralNorm, r1, r2, gp, clip }: GanConfig): string[] {
  if (arch !== 'resnet' || spectralNorm || [r1, r2, gp, clip].some((value) => value > 0)) return [];
  return [
    'Nothing limits this discriminator, which has no batch norm: `spectralNorm` with `loss` hinge, `beta1` 0, `beta2` 0.9 and ' +
      '`dSteps` 5, as in its paper, or `r1` 10 does',
  ];
}

/**
 * What to tell about a run that takes more than an hour, and how to make it shorter.
 * @param left steps left
 * @param duration writes seconds as a duration
 */
export function longRunAdvice(
  { imageSize, ngf, ndf }: GanConfig,
  { done, left, secondsPerStep }: { done: number; left: number; secondsPerStep: number },
  duration: (seconds: number) => string,
): string | undefined {
  if (left * secondsPerStep < LONG) return undefined;
  const smaller = imageSize > 32 ? `\`imageSize\` ${imageSize / 2} takes about a quarter of the time, ` : '';
  return (
    `This run takes about ${duration(left * secondsPerStep)} (${left.toLocaleString('en-US')} steps of ` +
    `${secondsPerStep.toPrecision(2)} s). To make it shorter: \`steps\` ${done + Math.floor(LONG / secondsPerStep)} takes an hour, ` +
    `${smaller}\`ngf\` ${Math.ceil(ngf / 2)} with \`ndf\` ${Math.ceil(ndf / 2)} less than half, and a GPU (\`device\` cuda) far less.`
  );
}
