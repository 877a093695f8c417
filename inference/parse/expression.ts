/** @file Latent arithmetic as text: `mean(1,2,3) - mean(4,5,6) + 0.5 * file:z.npy#2`, parsed into a tree. */
import { InputError } from '../../onnx/errors.js';
import type { Expression, Leaf, Term } from '../latent/arithmetic.js';

type Operand = { number: number; text: string } | { latent: Expression };
interface Token {
  text: string;
  start: number;
}

/** Nested parentheses that are followed. */
const MAX_DEPTH = 50;
const MAX_LENGTH = 10_000;
const TOKEN = /\s*(file:"[^"]*"(?:#\d+)?|file:[^\s,()#]+(?:#\d+)?|\d+(?:\.\d+)?|mean\b|[-+*/(),])/y;

/**
 * The tree of an expression: sums and differences of latents, `mean(…)` of latents, products and quotients with plain
 * numbers, and parentheses. A whole number is a seed, except as a factor: of two plain numbers in a product the first is
 * the factor, and after `/` a number is the divisor. `file:PATH` is the latent in a file of latents, `file:PATH#2` its
 * row 2 (the first is 0), and within `mean` a file stands for all its rows.
 * @param option the option's name, for errors
 * @throws InputError naming the place where something else was expected
 */
export function parsedExpression(text: string, option = 'arithmetic'): Expression {
  return new Parser(text, option).whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(
    readonly text: string,
    readonly option: string,
  ) {
    this.#tokens = this.#tokenized();
  }

  whole(): Expression {
    const value = this.#sum();
    if (this.#peek() !== undefined) throw this.#expected('+, -, * or / or the end');
    return value;
  }

  #tokenized(): Token[] {
    const { text } = this;
    if (text.length > MAX_LENGTH)
      throw new InputError({ name: this.option, expected: `at most ${MAX_LENGTH} characters` });
    const tokens: Token[] = [];
    const pattern = new RegExp(TOKEN);
    const end = text.trimEnd().length;
    while (pattern.lastIndex < end) {
      const start = pattern.lastIndex;
      const found = pattern.exec(text)?.[1];
      if (found === undefined) {
        throw new InputError({
          name: this.option,
          expected: 'seeds, file:…, mean(…), + - * / and parentheses',
          got: JSON.stringify(text.slice(start).trim().slice(0, 20)),
        });
      }
      tokens.push({ text: found, start: pattern.lastIndex - found.length });
    }
    return tokens;
  }

  #sum(): Expression {
    const terms: Term[] = [];
    do {
      const sign = this.#accept('-') ? -1 : 1;
      if (sign === 1) this.#accept('+');
      const first = this.#at;
      const value = this.#product();
      terms.push({ sign, text: this.#textOf(first), value });
    } while (this.#peek() === '+' || this.#peek() === '-');
    const [only] = terms;
    return terms.length === 1 && only?.sign === 1 ? only.value : { kind: 'sum', terms };
  }

  #product(): Expression {
    let left = this.#operand();
    for (;;) {
      if (this.#accept('*')) left = this.#times(left, this.#operand());
      else if (this.#accept('/')) left = this.#dividedBy(left, this.#operand());
      else return this.#latent(left);
    }
  }

  #times(left: Operand, right: Operand): Operand {
    if ('number' in left) return { latent: { kind: 'scaled', factor: left.number, of: this.#latent(right) } };
    if ('number' in right) return { latent: { kind: 'scaled', factor: right.number, of: left.latent } };
    throw new InputError({ name: this.option, expected: 'a plain number in a product', got: 'two latents' });
  }

  #dividedBy(left: Operand, right: Operand): Operand {
    if ('latent' in right || right.number === 0) {
      throw new InputError({
        name: this.option,
        expected: 'a plain number other than 0 after /',
        got: 'latent' in right ? 'a latent' : '0',
      });
    }
    return { latent: { kind: 'scaled', factor: 1 / right.number, of: this.#latent(left) } };
  }

  /** A plain number as the seed it stands for where it is no factor. */
  #latent(operand: Operand): Expression {
    if ('latent' in operand) return operand.latent;
    if (!/^\d+$/.test(operand.text) || !Number.isSafeInteger(operand.number)) {
      throw new InputError({
        name: this.option,
        expected: 'a seed, an integer of 0…2^53 − 1',
        got: operand.text.slice(0, 30),
      });
    }
    return { kind: 'seed', seed: operand.number };
  }

  #operand(): Operand {
    const token = this.#peek();
    if (token === undefined || /^[-+*/),]$/.test(token)) throw this.#expected('a seed, file:…, mean(…) or (');
    this.#at++;
    if (/^\d/.test(token)) return { number: Number(token), text: token };
    if (token.startsWith('file:')) return { latent: fileLeaf(token) };
    if (++this.#depth > MAX_DEPTH)
      throw new InputError({ name: this.option, expected: `at most ${MAX_DEPTH} nested parentheses` });
    const latent = token === 'mean' ? this.#mean() : this.#sum();
    this.#require(')');
    this.#depth--;
    return { latent };
  }

  #mean(): Expression {
    this.#require('(');
    const members = [this.#sum()];
    while (this.#accept(',')) members.push(this.#sum());
    return { kind: 'mean', members };
  }

  /** What was written from a token on up to here. */
  #textOf(first: number): string {
    const [from, to] = [this.#tokens[first], this.#tokens[this.#at - 1]];
    return from && to ? this.text.slice(from.start, to.start + to.text.length) : '';
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.text;
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #require(token: string): void {
    if (!this.#accept(token)) throw this.#expected(token);
  }

  #expected(what: string): InputError {
    const token = this.#tokens[this.#at];
    const found = token ? `${JSON.stringify(token.text.slice(0, 30))} at position ${token.start + 1}` : 'the end';
    return new InputError({ name: this.option, expected: what, got: found });
  }
}

function fileLeaf(token: string): Leaf {
  const [, quoted, plain, row] = /^file:(?:"([^"]*)"|([^#]+))(?:#(\d+))?$/.exec(token) ?? [];
  return { kind: 'file', path: quoted ?? plain ?? '', row: row === undefined ? undefined : Number(row) };
}
