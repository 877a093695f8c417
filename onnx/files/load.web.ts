/** @file Models in a browser: everything is behind a URL. */
import { InputError } from '../errors.js';
import { fetchModel, type LoadOptions } from './fetch.js';
import type { Model } from '../graph/graph.js';

/**
 * Reads a model and the external data it names.
 * @param source a URL; a relative one starts at the page, or at the worker's script
 * @throws as `fetchModel`
 */
export async function loadModel(source: string | URL, options: LoadOptions = {}): Promise<Model> {
  if (!URL.canParse(source, location.href)) throw new InputError({ name: String(source), expected: 'a URL' });
  return fetchModel(new URL(source, location.href), options);
}

/** A text beside a model: none, as a page asks only for the files it was given. */
export function textBeside(_source: string | URL, _name: string): Promise<undefined> {
  return Promise.resolve(undefined);
}
