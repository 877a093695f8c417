/** @file Files that are dropped on the page: networks are opened, pictures are explained, folders are looked through. */
import type { Studio } from './studio.js';

/** What is taken for a picture. */
const PICTURE = /\.(png|jpe?g|webp|gif|bmp|avif)$/i;
/** The most files of a folder that are looked at. */
const MOST_FILES = 10_000;

/** Takes what was dropped. */
export async function takeDropped(data: DataTransfer, studio: Studio): Promise<void> {
  // The entries of a drop are gone after the first wait.
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  const files = entries.some(({ isDirectory }) => isDirectory)
    ? (await Promise.all(entries.map((entry) => filesWithin(entry)))).flat()
    : [...data.files];
  takeFiles(files, studio);
}

/** Takes files: networks by their names, lists of class names, and pictures. */
export function takeFiles(files: readonly File[], studio: Studio): void {
  const network = files.find(({ name }) => name.toLowerCase().endsWith('.onnx'));
  const labels = files.find(({ name }) => name.toLowerCase().endsWith('.txt'));
  const opened = network ? studio.models.openFile(network) : Promise.resolve();
  if (labels) void opened.then(() => studio.models.nameClasses(labels));
  const others = files.filter((file) => file !== network && file !== labels);
  // A single file is taken as it is, so that what is wrong with it can be said.
  const pictures =
    others.length === 1 ? others : others.filter(({ name, type }) => PICTURE.test(name) || type.startsWith('image/'));
  if (pictures.length === 0) return;
  const [first] = studio.pictures.add(pictures);
  if (first) studio.address.change({ view: 'explain', subjects: first.id, real: first.id });
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
