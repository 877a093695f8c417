/** @file An arithmetic job: the figure of vector arithmetic on latents. */
import { InputError } from '../../../onnx/errors.js';
import { parsedExpression, type Expression } from '../../latent/expression.js';
import { checkSeed, namesFile, type CommonJob, type SampleRequest } from '../request.js';

/** An expression of latents, drawn with its parts and its result. */
export interface ArithmeticJob extends CommonJob {
  kind: 'arithmetic';
  expression: Expression;
  text: string;
  /** Uniform noise around the result, ± this. */
  noise: number;
  /** Seed of the noise. */
  seed: number;
}

/** Scale of the noise in the paper's figure. */
const NOISE = 0.25;

/** @throws InputError for an expression that is none, and values out of range */
export function arithmeticJob(request: SampleRequest): ArithmeticJob {
  const { arithmetic = '', noise = NOISE, seed = 0, out = 'arithmetic.png', truncation, saveLatents } = request;
  namesFile(out, ['.png']);
  if (!(noise >= 0 && noise < 100)) throw new InputError({ name: 'noise', expected: 'a number of 0…100', got: noise });
  checkSeed(seed);
  const expression = parsedExpression(arithmetic);
  return { kind: 'arithmetic', expression, text: arithmetic.trim(), noise, seed, truncation, saveLatents, out };
}
