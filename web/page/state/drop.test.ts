import { describe, expect, it } from 'vitest';
import { takeFiles } from './drop.js';
import { Notices } from './notices.js';
import type { Studio } from './studio.js';

const file = (name: string) => new File(['x'], name);

/** What the page does with files that are dropped themselves, and with those of folders. */
async function taken(names: readonly string[], inner: readonly string[] = []): Promise<string[]> {
  const done: string[] = [];
  const notices = new Notices();
  const studio = {
    notices,
    models: {
      openFiles: async (files: File[]) => void done.push(`opens ${files.map(({ name }) => name).join(', ')}`),
      nameClasses: async ({ name }: File) => void done.push(`names of ${name}`),
    },
    pictures: { add: (files: File[]) => (done.push(`shows ${files.map(({ name }) => name).join(', ')}`), []) },
  } as unknown as Studio;
  takeFiles(names.map(file), studio, inner.map(file));
  await new Promise((resolve) => setTimeout(resolve));
  return [...done, notices.at('files').value.text].filter((line) => line !== '');
}

describe('takeFiles(files, studio, inner)', () => {
  it('opens all networks, and takes no part of one for a picture', async () => {
    expect(await taken(['generator.onnx', 'discriminator.onnx'])).toEqual(['opens generator.onnx, discriminator.onnx']);
    expect(await taken(['model.onnx', 'model.onnx.data'])).toEqual([
      'opens model.onnx',
      'Skipped, as neither networks nor pictures: model.onnx.data.',
    ]);
  });

  it('takes a list of names that was dropped itself, and none of a folder', async () => {
    expect(await taken(['a.onnx', 'names.txt'])).toEqual(['opens a.onnx', 'names of names.txt']);
    expect(await taken([], ['1.jpg', '2.PNG', '1.txt', '2.txt', 'data.yaml', 'a', 'b', 'c'])).toEqual([
      'shows 1.jpg, 2.PNG',
      'Skipped, as neither networks nor pictures: 1.txt, 2.txt, data.yaml, a, b and 1 more.',
    ]);
  });

  it('takes a single file as it is, so that what is wrong with it is said', async () => {
    expect(await taken(['notes.pdf'])).toEqual(['shows notes.pdf']);
    expect(await taken([], ['notes.txt'])).toEqual(['Skipped, as neither networks nor pictures: notes.txt.']);
  });
});
