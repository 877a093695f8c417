import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../../onnx/errors.js';
import { flat } from '../data.test.helper.js';
import { ReadablePictures } from './readable.js';

const ioError = () =>
  new InputError('0.png: cannot be read (EIO)', {
    cause: Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' }),
  });

/** One picture, whose reading fails with these errors first. */
function failing(errors: Error[]) {
  const dataset = {
    name: 'one',
    length: 1,
    skipped: [],
    picture: async () => {
      const error = errors.shift();
      if (error) throw error;
      return flat(7);
    },
  };
  return new ReadablePictures(dataset);
}

describe('ReadablePictures.picture(index)', () => {
  it('tries a file again that the system could not read', async () => {
    vi.useFakeTimers();
    try {
      const pictures = failing([ioError(), ioError()]);
      const picture = pictures.picture(0);
      await vi.runAllTimersAsync();
      expect((await picture)?.data[0]).toBe(7);
      expect(pictures.broken.size).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('stops where it stays unreadable: the picture is not broken', async () => {
    vi.useFakeTimers();
    try {
      const pictures = failing(Array.from({ length: 9 }, ioError));
      const outcome = expect(pictures.picture(0)).rejects.toThrow('0.png: cannot be read (EIO)');
      await vi.runAllTimersAsync();
      await outcome;
      expect(pictures.broken.size).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lists a picture whose bytes are wrong', async () => {
    const pictures = failing([new InputError('0.png: expected a picture')]);
    expect(await pictures.picture(0)).toBeUndefined();
    expect(pictures.skipped).toEqual(['0.png: expected a picture']);
  });
});
