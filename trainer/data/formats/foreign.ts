/** @file Kinds of data sets that are not read, with what to do instead. */

const kinds: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)(data_batch_\d+|batches\.meta)$/, "CIFAR's Python version, which could run code; its binary version is read"],
  [/\.(pkl|pickle)$/i, 'Python pickles, which could run code'],
  [/\.(pt|pth)$/i, 'tensors of PyTorch, which could run code'],
  [/\.tfrecords?([.-]|$)/i, 'records of TensorFlow'],
  [/(^|\/)data\.mdb$/i, 'an LMDB database'],
  [/\.(h5|hdf5)$/i, 'HDF5'],
  [/\.mat$/i, 'arrays of MATLAB'],
  [/\.(tar|tar\.\w+|tgz|7z|rar)$/i, 'an archive to unpack'],
];

/** The first file that is of a kind of data sets which is not read, with the kind. */
export function foreignSet(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const kind = kinds.find(([names]) => names.test(path))?.[1];
    if (kind !== undefined) return `${path}: ${kind}`;
  }
  return undefined;
}
