/** @file Latent arithmetic: the latents that an expression stands for. */
import { InputError } from '../../onnx/errors.js';
import { Random } from '../numeric/random.js';

/** A latent that is named: by a seed, or as a row of a file (`row` is missing where the file's only one is meant). */
export type Leaf = { kind: 'seed'; seed: number } | { kind: 'file'; path: string; row: number | undefined };

/** What an expression is made of; every node stands for a latent. */
export type Expression =
  | Leaf
  | { kind: 'mean'; members: readonly Expression[] }
  | { kind: 'scaled'; factor: number; of: Expression }
  | { kind: 'sum'; terms: readonly Term[] };

/** A part of a sum, as it was written. */
export interface Term {
  sign: 1 | -1;
  text: string;
  value: Expression;
}

/** Where an expression's leaves get their latents from. */
export interface LeafLatents {
  latentDim: number;
  /** The latent of a seed, [Z]. */
  seed: (seed: number) => Float32Array;
  /** The latents of a file, [N, Z]. */
  file: (path: string) => Float32Array;
}

/** A latent with what it is called. */
export interface NamedLatent {
  label: string;
  latent: Float32Array;
}

/**
 * The latent that an expression stands for, [Z]; computed in double precision.
 * @throws InputError for a file of several latents where one is meant, and for rows that a file does not have
 */
export function evaluated(expression: Expression, leaves: LeafLatents): Float32Array {
  return Float32Array.from(value(expression, leaves));
}

function value(expression: Expression, leaves: LeafLatents): ArrayLike<number> {
  switch (expression.kind) {
    case 'seed':
      return leaves.seed(expression.seed);
    case 'file':
      return (rows(expression, leaves, true)[0] as NamedLatent).latent;
    case 'scaled':
      return sumOf([{ factor: expression.factor, latent: value(expression.of, leaves) }], leaves.latentDim);
    case 'sum': {
      const terms = expression.terms.map((term) => ({ factor: term.sign, latent: value(term.value, leaves) }));
      return sumOf(terms, leaves.latentDim);
    }
    case 'mean': {
      const all = expression.members.flatMap((member) => membersOf(member, leaves));
      return sumOf(
        all.map(({ latent }) => ({ factor: 1 / all.length, latent })),
        leaves.latentDim,
      );
    }
  }
}

/**
 * The latents that a term is the mean of, as its column of the figure shows them: the members of a `mean`, also a scaled
 * one; otherwise none.
 */
export function exemplars(expression: Expression, leaves: LeafLatents): NamedLatent[] {
  if (expression.kind === 'scaled') return exemplars(expression.of, leaves);
  if (expression.kind !== 'mean') return [];
  return expression.members.flatMap((member) => membersOf(member, leaves));
}

/** One member of a mean; a file stands for all its rows. */
function membersOf(member: Expression, leaves: LeafLatents): NamedLatent[] {
  if (member.kind === 'file') return rows(member, leaves, false);
  const label = member.kind === 'seed' ? `${member.seed}` : '';
  return [{ label, latent: evaluated(member, leaves) }];
}

function rows(leaf: Extract<Expression, { kind: 'file' }>, leaves: LeafLatents, single: boolean): NamedLatent[] {
  const { latentDim } = leaves;
  const all = leaves.file(leaf.path);
  const count = all.length / latentDim;
  const row = (index: number) => ({
    label: `row ${index}`,
    latent: all.subarray(index * latentDim, (index + 1) * latentDim),
  });
  if (leaf.row !== undefined) {
    if (leaf.row >= count) throw new InputError({ name: leaf.path, expected: `row 0…${count - 1}`, got: leaf.row });
    return [row(leaf.row)];
  }
  if (single && count > 1) {
    throw new InputError({
      name: `file:${leaf.path}`,
      expected: 'one latent, or a row such as #0, outside of mean(…)',
      got: count,
    });
  }
  return Array.from({ length: count }, (_, index) => row(index));
}

function sumOf(terms: readonly { factor: number; latent: ArrayLike<number> }[], latentDim: number): Float64Array {
  const sum = new Float64Array(latentDim);
  for (const { factor, latent } of terms) {
    for (let i = 0; i < latentDim; i++) sum[i] = (sum[i] as number) + factor * (latent[i] as number);
  }
  return sum;
}

/**
 * A latent and eight others around it: uniform noise of ±`scale` is added to each number (Radford et al. 2016, fig. 7).
 * @returns [9, Z], row by row of a 3×3 grid with the latent itself in the middle
 */
export function surroundings(latent: Float32Array, scale: number, seed: number): Float32Array {
  const latents = new Float32Array(9 * latent.length);
  for (let cell = 0; cell < 9; cell++) {
    const random = Random.derived(seed, `surroundings/${cell}`);
    const noisy = cell === 4 ? latent : latent.map((number) => number + scale * (2 * random.uniform() - 1));
    latents.set(noisy, cell * latent.length);
  }
  return latents;
}

/** The files that an expression names, each once. */
export function filesOf(expression: Expression): string[] {
  return [...new Set(leavesOf(expression).flatMap((leaf) => (leaf.kind === 'file' ? [leaf.path] : [])))];
}

/** Whether an expression names seeds. */
export const hasSeeds = (expression: Expression): boolean => leavesOf(expression).some(({ kind }) => kind === 'seed');

function leavesOf(expression: Expression): Leaf[] {
  switch (expression.kind) {
    case 'seed':
    case 'file':
      return [expression];
    case 'mean':
      return expression.members.flatMap(leavesOf);
    case 'scaled':
      return leavesOf(expression.of);
    case 'sum':
      return expression.terms.flatMap((term) => leavesOf(term.value));
  }
}
