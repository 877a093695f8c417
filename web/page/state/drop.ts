/** @file Files that are dropped on the page: networks are opened, pictures are explained, folders are looked through. */
import type { Studio } from './studio.js';

/** What is taken for a picture. */
const PICTURE = /\.(png|jpe?g|webp|gif|bmp|avif)$/i;
/** The most files of a folder that are looked at. */
const MOST_FILES = 10_000;
/** Skipped files that are told by name. */
const MOST_NAMED = 5;

/** Takes what was dropped. */
export async function takeDropped(data: DataTransfer, studio: Studio): Promise<void> {
  // The entries of a drop are gone after the first wait.
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  const found = (isFile: boolean) =>
    Promise.all(entries.filter((entry) => entry.isFile === isFile).map((entry) => filesWithin(entry)));
  if (entries.some(({ isDirectory }) => isDirectory)) {
    takeFiles((await found(true)).flat(), studio, (await found(false)).flat());
  } else takeFiles([...data.files], studio);
}

/**
 * Takes files: networks and a list of class names by their names, and pictures.
 * @param inner files of folders: lists among them may be of anything
 */
export function takeFiles(files: readonly File[], studio: Studio, inner: readonly File[] = []): void {
  const all = [...files, ...inner];
  const networks = all.filter(({ name }) => name.toLowerCase().endsWith('.onnx'));
  const labels = files.find(({ name }) => name.toLowerCase().endsWith('.txt'));
  const others = all.filter((file) => !networks.includes(file) && file !== labels);
  // A single file is taken as it is, so that what is wrong with it can be said.
  const isAlone = files.length === 1 && inner.length === 0;
  const isPicture = ({ name, type }: File) => isAlone || PICTURE.test(name) || type.startsWith('image/');
  const pictures = others.filter(isPicture);
  studio.notices.tell('files', skippedText(others.filter((file) => !isPicture(file))));
  const opened = networks.length > 0 ? studio.models.openFiles(networks) : Promise.resolve();
  if (labels) void opened.then(() => studio.models.nameClasses(labels));
  if (pictures.length === 0) return;
  const [first] = studio.pictures.add(pictures);
  if (first) studio.address.change({ view: 'explain', subjects: first.id, real: first.id });
}

function skippedText(files: readonly File[]): string {
  if (files.length === 0) return '';
  const names = files.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = files.length > MOST_NAMED ? ` and ${files.length - MOST_NAMED} more` : '';
  return `Skipped, as neither networks nor pictures: ${names.join(', ')}${more}.`;
}

async function filesWithin(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile)
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    // A folder is read in parts, the last of which is empty.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0 || found.length >= MOST_FILES) return found;
    for (const inner of part) found.push(...(await filesWithin(inner)));
  }
}
