import { expect, it } from 'vitest';
import { methodGroups, methodRuns } from './names.js';
import { methodNames, methods } from './table.js';

it('the names for help texts are those of the table, each once', () => {
  expect(methodGroups.flatMap(({ names }) => names).toSorted()).toEqual(methodNames.toSorted());
});

it('the numbers of runs for help texts are those of the table', () => {
  const runs = methodNames.flatMap((name) => {
    const method = methods[name];
    return method.kind === 'runs' && method.runs !== undefined ? [{ name, runs: method.runs }] : [];
  });
  expect(methodRuns.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
    runs.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
});

it('groups say which methods are to be named', () => {
  const costly = methodGroups.filter(({ title }) => title.includes('not in all')).flatMap(({ names }) => names);
  const marked = methodNames.filter((name) => {
    const method = methods[name];
    return method.kind === 'runs' && method.costly === true;
  });
  expect(costly.toSorted()).toEqual(marked.toSorted());
});
