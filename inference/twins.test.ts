import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type * as nodeLoad from '../onnx/files/load.node.js';
import type * as webLoad from '../onnx/files/load.web.js';
import type * as nodeDevices from './runtime/devices/devices.node.js';
import type * as webDevices from './runtime/devices/devices.web.js';
import type * as nodePictures from './pictures/pictures.node.js';
import type * as webPictures from './pictures/pictures.web.js';
import type * as nodeRuntime from './runtime/runtime.node.js';
import type * as webRuntime from './runtime/runtime.web.js';

/** Compiles only if both twins have the functions, with the same types. */
type Twins<K extends string, Node extends Record<K, unknown>, Web extends { [P in K]: Node[P] }> = [Node, Web];
export type Checked = [
  Twins<'openSession', typeof nodeRuntime, typeof webRuntime>,
  Twins<'resolveDevice', typeof nodeDevices, typeof webDevices>,
  Twins<'loadModel', typeof nodeLoad, typeof webLoad>,
  Twins<'decodePicture' | 'encodePng', typeof nodePictures, typeof webPictures>,
];

test.each(['onnx', 'inference', 'explain'])(
  '%s: index.ts adds only what needs Node to index.web.ts',
  async (folder) => {
    const [all, web] = await Promise.all(
      ['index', 'index.web'].map((name) => readFile(new URL(`../${folder}/${name}.js`, import.meta.url), 'utf8')),
    );
    const sources = (text = '') => [...text.matchAll(/from '(.+?)'/g)].map(([, source]) => source);
    const portable = sources(all).filter((source) => !source?.endsWith('.node.js'));
    expect(portable).toEqual(['./index.web.js']);
    expect(sources(web).filter((source) => source?.endsWith('.node.js'))).toEqual([]);
  },
);
