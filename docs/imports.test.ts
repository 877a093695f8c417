/** @file The rules of docs/architecture.md: imports run down, folders form no circle, and none holds too many files. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const { imports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  imports: Record<string, Record<string, string>>;
};

/** Each room and the rooms it may import. */
const rooms: Record<string, readonly string[]> = {
  onnx: [],
  inference: ['onnx'],
  exporter: ['onnx', 'inference'],
  explain: ['onnx', 'inference'],
  trainer: ['onnx', 'inference', 'exporter'],
  fleet: ['onnx', 'inference', 'exporter', 'explain', 'trainer'],
  cli: ['onnx', 'inference', 'exporter', 'explain', 'trainer', 'fleet', 'web'],
  web: ['onnx', 'inference', 'exporter', 'explain', 'trainer'],
  fixtures: ['onnx', 'inference', 'exporter', 'explain', 'trainer'],
  bench: ['onnx', 'inference', 'exporter', 'explain', 'trainer', 'fleet', 'cli', 'web', 'fixtures'],
  docs: ['onnx', 'inference', 'exporter', 'explain', 'trainer', 'fleet', 'cli', 'web', 'fixtures'],
  fuzz: ['onnx', 'inference', 'exporter', 'explain', 'trainer', 'fleet', 'cli', 'web', 'fixtures'],
};
/** Source files in one folder, tests aside. */
const MOST_FILES = 13;

const files = Object.keys(rooms).flatMap((room) =>
  readdirSync(new URL(`${room}/`, root), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(room, name.replaceAll('\\', '/')))
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.|\.d\.ts$/.test(name)),
);
const known = new Set(files);

/** The source file that an import names, if it is one of ours. */
function importedFile(importer: string, name: string): string | undefined {
  const mapped = imports[name]?.['default']?.replace('./dist/', '');
  const path = mapped ?? posix.normalize(posix.join(posix.dirname(importer), name));
  return ['.ts', '.tsx'].map((end) => path.replace(/\.js$/, end)).find((source) => known.has(source));
}

const edges = files.flatMap((from) => {
  const text = readFileSync(new URL(from, root), 'utf8');
  const names = [...text.matchAll(/(?:from |import |import\()'([.#][^']*)'/g)].map(([, name = '']) => name);
  return names.flatMap((name) => {
    const to = importedFile(from, name);
    return to === undefined ? [] : [{ from, to }];
  });
});
const roomOf = (file: string) => file.split('/')[0] as string;

describe('imports', () => {
  it('are found at all', () => {
    expect(edges.length).toBeGreaterThan(500);
    expect(edges).toContainEqual({ from: 'cli/gan-sample.ts', to: 'cli/command.ts' });
    expect(edges).toContainEqual({ from: 'cli/gan-sample.ts', to: 'cli/common/node-version.ts' });
  });

  it('are known of every folder with sources', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['dist', 'node_modules'].includes(entry.name))
      .filter(({ name }) => readdirSync(new URL(`${name}/`, root)).some((file) => file.endsWith('.ts')));
    expect(folders.map(({ name }) => name).filter((name) => !(name in rooms))).toEqual([]);
  });

  it('run down from room to room', () => {
    const up = edges.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && !rooms[a]?.includes(b);
    });
    expect(up.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('form no circle between folders', () => {
    const graph = new Map<string, Set<string>>();
    for (const { from, to } of edges) {
      const [a, b] = [posix.dirname(from), posix.dirname(to)];
      // A room's index collects its folders, and its one error stands above them.
      if (a === b || /^\w+\/index(\.web)?\.ts$/.test(from) || /^\w+\/errors\.ts$/.test(to)) continue;
      graph.set(a, (graph.get(a) ?? new Set()).add(b));
    }
    expect(circle(graph)).toEqual([]);
  });
});

describe('folders', () => {
  it(`hold at most ${MOST_FILES} source files`, () => {
    const counts = new Map<string, number>();
    for (const file of files) counts.set(posix.dirname(file), (counts.get(posix.dirname(file)) ?? 0) + 1);
    const full = [...counts].filter(([, count]) => count > MOST_FILES);
    expect(full).toEqual([]);
  });
});

/** The folders of one circle, in order; none if there is no circle. */
function circle(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (folder: string): string[] => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder];
    if (done.has(folder)) return [];
    path.push(folder);
    for (const next of graph.get(folder) ?? []) {
      const found = visit(next);
      if (found.length > 0) return found;
    }
    path.pop();
    done.add(folder);
    return [];
  };
  for (const folder of graph.keys()) {
    const found = visit(folder);
    if (found.length > 0) return found;
  }
  return [];
}
