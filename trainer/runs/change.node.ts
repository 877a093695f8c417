/** @file Changes of runs on disk: tags, and taking a run away. */
import { lstat, readdir, realpath, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LOCK_FILE, lockFolder } from '../../inference/files/folder-lock.node.js';
import { readLatestLink, writeLatestLink } from '../../inference/runs/latest-link.node.js';
import { isTemporary } from '../../onnx/files/disk/temporary.node.js';
import { InputError } from '../../onnx/index.js';
import { ABOUT_FILE, changeAbout, readAbout } from '../record/about.node.js';
import { eventFolder } from '../report/tensorboard/event-file.node.js';
import { findOwnRun, listRuns } from './find.node.js';

/** What a run and its export write into folders of it. */
const WRITTEN_INSIDE: Readonly<Record<string, RegExp>> = {
  checkpoints: /^(step-\d{7,}|best)$/,
  samples: /^step-\d{7,}\.png$/,
  onnx: /^(generator|discriminator)(-fp16|-uint8|-gradcam)?\.onnx(\.failed)?$/,
};

/** The files that it writes, config.json last: without it a folder is no run, so what is left of a deletion can be deleted. */
const WRITTEN = [
  'metrics.jsonl',
  'quality.jsonl',
  'real.png',
  'losses.png',
  'scores.png',
  'augmentation.png',
  'overfitting.png',
  'logits.png',
  'quality.png',
  'real-vs-fake.png',
  'evolution.webp',
  'report.html',
  ABOUT_FILE,
  'config.json',
] as const;

/** Longest tag. */
const MAX_TAG = 40;

/**
 * Adds tags to a run, or removes them. That can be done while it is trained.
 * @returns its tags then
 * @throws InputError if there is no such run, or a tag may not be one
 */
export async function tagRun(
  word: string,
  tags: readonly string[],
  { folder = 'runs', remove = false }: { folder?: string; remove?: boolean } = {},
): Promise<readonly string[]> {
  const odd = tags.find((tag) => tag.length > MAX_TAG || !/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(tag));
  if (odd !== undefined)
    throw new InputError({
      name: 'tags',
      expected: `up to ${MAX_TAG} letters, digits, dots, dashes or underscores, a letter or digit first`,
      got: odd,
    });
  const { folder: run } = await findOwnRun(word, folder);
  const before = (await readAbout(run)).tags ?? [];
  const after = remove ? before.filter((tag) => !tags.includes(tag)) : [...new Set([...before, ...tags])];
  await changeAbout(run, { tags: after });
  return after;
}

/** What became of a run that was deleted. */
export interface DeletedRun {
  folder: string;
  /** What was in its folder besides, and is still there. */
  kept: readonly string[];
  /** Where `latest` leads now, if it led to this run; undefined if it did not, null if no run is left. */
  latest?: string | null;
}

/**
 * Deletes the files that a run and its export wrote, its TensorBoard files too, and its folder if nothing else is in it. Links are
 * removed and not followed. `latest` then leads to the newest of the other runs.
 * @throws InputError if there is no such run directly in the folder, or another process writes to it
 */
export async function deleteRun(word: string, folder = 'runs'): Promise<DeletedRun> {
  const { folder: run } = await findOwnRun(word, folder);
  const pointer = join(folder, 'latest');
  const wasLatest = (await readLatestLink(pointer)) === (await realpath(run));
  const { release } = await lockFolder(run, word);
  try {
    const events = eventFolder(run);
    const isOwn = (await lstat(dirname(events)).catch(() => undefined))?.isDirectory() === true;
    if (isOwn) await rm(events, { recursive: true, force: true });
    for (const [name, written] of Object.entries(WRITTEN_INSIDE)) await removeInside(join(run, name), written);
    for (const name of WRITTEN) await rm(join(run, name), { recursive: true, force: true });
  } finally {
    await release();
  }
  const kept = await keptIn(run);
  if (kept.length === 0) await rmdir(run);
  if (!wasLatest) return { folder: run, kept };
  const newest = (await listRuns(folder))[0];
  if (newest) await writeLatestLink(pointer, newest.folder);
  else await unlink(pointer);
  return { folder: run, kept, latest: newest?.folder ?? null };
}

/** Removes what has such a name, or that of a temporary file, in a folder; and the folder itself if nothing else is in it. */
async function removeInside(folder: string, written: RegExp): Promise<void> {
  const info = await lstat(folder).catch(() => undefined);
  if (!info?.isDirectory()) return rm(folder, { force: true });
  const names = await readdir(folder);
  const own = names.filter((name) => written.test(name) || isTemporary(name));
  for (const name of own) await rm(join(folder, name), { recursive: true, force: true });
  if (own.length === names.length) await rmdir(folder);
}

/** What is left in the folder of a run, and in those of its folders that it wrote into. */
async function keptIn(run: string): Promise<string[]> {
  const names = (await readdir(run)).filter((name) => name !== LOCK_FILE);
  const inside = names.map(async (name) =>
    Object.hasOwn(WRITTEN_INSIDE, name) ? (await readdir(join(run, name))).map((each) => `${name}/${each}`) : [name],
  );
  return (await Promise.all(inside)).flat().toSorted();
}
