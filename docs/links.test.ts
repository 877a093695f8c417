/** @file Links of README, docs and the other pages lead somewhere, and the README is a front page. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const REPOSITORY =
  /^https:\/\/(github\.com\/ganscope\/ganscope\/blob|raw\.githubusercontent\.com\/ganscope\/ganscope)\/main\//;
const pages = ['.', 'docs', 'bench', 'bench/results', 'fixtures'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const text = (page: string) => readFileSync(join(root, page), 'utf8');

/** Text without blocks of code, where a line with # is no heading. */
const withoutBlocks = (page: string) => text(page).replaceAll(/^```[^]*?^```$/gm, '');

/** The targets of a page's links; spans of code hold none. */
const targetsOf = (page: string) => {
  const prose = withoutBlocks(page).replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
};

/** The page or file in the repository that a link leads to, without its anchor; none for links to other sites. */
const fileOf = (page: string, target: string) => {
  // The README links the repository, as npm shows it too.
  const inRepository = target.replace(REPOSITORY, '');
  if (/^https?:/.test(inRepository)) return undefined;
  const [path = ''] = inRepository.split('#');
  return path === '' ? page : join(inRepository === target ? dirname(page) : '.', path);
};

/** The anchors that GitHub gives to a page's headings. */
function anchors(page: string): string[] {
  const headings = [...withoutBlocks(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  const targets = targetsOf(page);

  it.runIf(targets.length > 0)('has links that lead somewhere', () => {
    const broken = targets.filter((target) => {
      const file = fileOf(page, target);
      if (file === undefined) return !URL.canParse(target);
      const [, anchor] = target.split('#');
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchors(file).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('README.md', () => {
  it('has at most 200 lines', () => {
    expect(text('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });

  it('leads to every page of docs/', () => {
    const reached = new Set(['README.md']);
    // A set that grows goes on to what was added.
    for (const page of reached) {
      const linked = targetsOf(page).map((target) => fileOf(page, target));
      for (const file of linked) if (file !== undefined && pages.includes(file)) reached.add(file);
    }
    expect(pages.filter((page) => page.startsWith('docs') && !reached.has(page))).toEqual([]);
  });
});
