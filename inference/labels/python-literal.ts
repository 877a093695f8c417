/** @file Python's literals of dictionaries, lists and strings, as exporters write them into metadata: `{0: 'cat', 1: "dog"}`. */

const MAX_DEPTH = 32;
const words: Readonly<Record<string, unknown>> = {
  True: true,
  true: true,
  False: false,
  false: false,
  None: null,
  null: null,
};

/** The value, dictionaries as maps by their keys as text; undefined for anything else. Reads each character once. */
export function pythonLiteral(text: string): unknown {
  const reader = new LiteralReader(text);
  try {
    const value = reader.value(0);
    return reader.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof LiteralError) return undefined;
    throw error;
  }
}

class LiteralError extends Error {}

class LiteralReader {
  #at = 0;

  constructor(readonly text: string) {}

  value(depth: number): unknown {
    this.#skipSpace();
    const sign = this.text[this.#at] ?? '';
    if (depth > MAX_DEPTH) throw new LiteralError();
    if (sign === '"' || sign === "'") return this.#string(sign);
    if (sign === '{') return this.#dictionary(depth);
    if (sign === '[' || sign === '(') return this.#list(sign === '[' ? ']' : ')', depth);
    const word = /[-+.\w]*/y;
    word.lastIndex = this.#at;
    const found = word.exec(this.text)?.[0] ?? '';
    this.#at += found.length;
    if (Object.hasOwn(words, found)) return words[found];
    const number = found === '' ? Number.NaN : Number(found);
    if (Number.isNaN(number)) throw new LiteralError();
    return number;
  }

  atEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.text.length;
  }

  #dictionary(depth: number): Record<string, unknown> {
    const entries = this.#items('}', () => {
      const key = this.value(depth + 1);
      this.#expect(':');
      return [String(key), this.value(depth + 1)] as const;
    });
    return Object.fromEntries(entries);
  }

  #list(end: string, depth: number): unknown[] {
    return this.#items(end, () => this.value(depth + 1));
  }

  #items<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    this.#at++;
    for (;;) {
      this.#skipSpace();
      if (this.text[this.#at] === end) break;
      items.push(item());
      this.#skipSpace();
      if (this.text[this.#at] === end) break;
      this.#expect(',');
    }
    this.#at++;
    return items;
  }

  #string(quote: string): string {
    let value = '';
    for (this.#at++; this.text[this.#at] !== quote; this.#at++) {
      if (this.#at >= this.text.length) throw new LiteralError();
      if (this.text[this.#at] === '\\') this.#at++;
      value += this.text[this.#at] ?? '';
    }
    this.#at++;
    return value;
  }

  #expect(sign: string): void {
    this.#skipSpace();
    if (this.text[this.#at] !== sign) throw new LiteralError();
    this.#at++;
  }

  #skipSpace(): void {
    while (/\s/.test(this.text[this.#at] ?? '')) this.#at++;
  }
}
