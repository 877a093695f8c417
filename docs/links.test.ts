/** @file Links of README, docs and the other pages lead somewhere, and the README is a front page. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const REPOSITORY =
  /^https:\/\/(github\.com\/ganscope\/ganscope\/blob|raw\.githubusercontent\.com\/ganscope\/ganscope)\/main\//;
const pages = ['.', 'docs', 'bench', 'fixtures'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const text = (page: string) => readFileSync(join(root, page), 'utf8');

/** Text without blocks and spans of code. */
const prose = (page: string) =>
  text(page)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');

/** The anchors that GitHub gives to a page's headings. */
function anchors(page: string): string[] {
  const headings = [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

  it.runIf(targets.length > 0)('has links that lead somewhere', () => {
    const broken = targets.filter((target) => {
      // The README links the repository, as npm shows it too.
      const inRepository = target.replace(REPOSITORY, '');
      if (/^https?:/.test(inRepository)) return !URL.canParse(target);
      const [path = '', anchor] = inRepository.split('#');
      const file = path === '' ? page : join(inRepository === target ? dirname(page) : '.', path);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchors(file).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('README.md', () => {
  it('has at most 200 lines and names every page of docs/', () => {
    const readme = text('README.md');
    expect(readme.split('\n').length).toBeLessThanOrEqual(201);
    const linked = ['README.md', 'docs/architecture.md', 'docs/library.md', 'docs/commands.md', 'docs/devices.md']
      .map(text)
      .join('');
    const missing = pages.filter((page) => page.startsWith('docs') && !linked.includes(page.slice('docs/'.length)));
    expect(missing).toEqual([]);
  });
});
