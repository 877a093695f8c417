/** @file An arithmetic job: the figure of vector arithmetic on latents. */
import { InputError } from '../../../onnx/errors.js';
import { hasSeeds, type Expression } from '../../latent/arithmetic.js';
import { checkTruncation } from '../../latent/latents.js';
import { parsedExpression } from '../../parse/expression.js';
import { checkSeed, namesFile } from '../options/checks.js';
import { commonOptions, jobKind, number, parsed } from '../options/option.js';
import { seedOption, truncationOption, type CommonJob } from '../options/source.js';

/** An expression of latents with the text it was written as. */
export interface WrittenExpression {
  text: string;
  expression: Expression;
}

/** An expression of latents, drawn with its parts and its result. */
export interface ArithmeticJob extends CommonJob, WrittenExpression {
  kind: 'arithmetic';
  /** Uniform noise around the result, ± this. */
  noise: number;
  /** Seed of the noise. */
  seed: number;
}

/** Scale of the noise in Radford et al. 2016, figure 7. */
const NOISE = 0.25;

export const arithmetic = jobKind({
  title: 'Latent arithmetic',
  trigger: 'arithmetic',
  options: {
    ...commonOptions,
    ...seedOption,
    ...truncationOption,
    arithmetic: parsed(
      'Figure of an expression such as "mean(1,2,3) - mean(4,5,6) + mean(7,8,9)"; numbers are seeds, file:z.npy is a file of latents',
      (text, name): WrittenExpression => ({ text: text.trim(), expression: parsedExpression(text, name) }),
    ),
    noise: number('Uniform noise around the result of `arithmetic` [default: 0.25]'),
  },
  check({
    arithmetic: written,
    noise = NOISE,
    seed = 0,
    out = 'arithmetic.png',
    truncation,
    saveLatents,
  }): ArithmeticJob {
    if (written === undefined) throw new InputError({ name: 'arithmetic', expected: 'an expression', got: 'nothing' });
    namesFile(out, ['.png']);
    checkTruncation(truncation);
    if (truncation !== undefined && !hasSeeds(written.expression))
      throw new InputError({
        name: 'truncation',
        expected: 'to be used with seeds in `arithmetic`',
        got: written.text,
      });
    if (!(noise >= 0 && noise < 100))
      throw new InputError({ name: 'noise', expected: 'a number of 0…100', got: noise });
    checkSeed(seed);
    return { kind: 'arithmetic', ...written, noise, seed, truncation, saveLatents, out };
  },
});
