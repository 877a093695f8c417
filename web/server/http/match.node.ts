/** @file Addresses: their parts, and whether they fit the path of a route. */

/** An address in parts; a slash at its end makes no difference. */
export interface Address {
  parts: string[];
  query: URLSearchParams;
}

/** The parts of an address; undefined if it is none. */
export function parsedAddress(url: string): Address | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    return { parts: parts.at(-1) === '' ? parts.slice(0, -1) : parts, query: new URLSearchParams(query) };
  } catch {
    return undefined;
  }
}

/** The parts that a path names, and those from its `*` on; undefined if the address does not fit it. */
export function matched(
  path: string,
  parts: readonly string[],
): { named: Record<string, string>; rest: string[] } | undefined {
  const wanted = path.split('/').slice(1).filter(Boolean);
  const isOpen = wanted.at(-1) === '*';
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  if (isOpen ? parts.length < fixed.length : parts.length !== fixed.length) return undefined;
  const named: Record<string, string> = {};
  for (const [at, word] of fixed.entries()) {
    const part = parts[at] as string;
    if (word.startsWith(':')) named[word.slice(1)] = part;
    else if (word !== part) return undefined;
  }
  return { named, rest: parts.slice(fixed.length) };
}
