/** @file The results of all tasks in one file, JSON lines in the order of the pictures. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../../onnx/files/disk/atomic-file.node.js';
import { oneLine } from '../../inference/parse/json.js';
import type { TaskResults } from '../../inference/tasks/results.node.js';
import type { SkippedPicture } from '../files/picture-groups.node.js';
import { RESULTS_LINES, TASK_RESULTS } from '../files/task-files.node.js';
import type { TaskEntry } from './map-task.node.js';

/** What a job made. */
export interface ExplainedTasks {
  pictures: number;
  maps: number;
  figures: number;
  /** Files that could not be read as pictures. */
  skipped: SkippedPicture[];
  /** The file that names all of it. */
  results: string;
}

/**
 * Writes the first line, what the results were made with, and then the lines of all tasks.
 * @throws the signal's reason when it is aborted
 */
export async function mergeResults(
  folder: string,
  tasks: TaskResults,
  head: Readonly<Record<string, unknown>>,
  { signal, progress }: { signal?: AbortSignal | undefined; progress?: ((task: number) => void) | undefined },
): Promise<ExplainedTasks> {
  const results = join(folder, RESULTS_LINES);
  const made = { pictures: 0, maps: 0, figures: 0, skipped: [] as SkippedPicture[], results };
  await writeAtomically(results, async (file) => {
    await file.appendFile(`${oneLine(head)}\n`);
    for (let task = 0; task < tasks.count; task++) {
      signal?.throwIfAborted();
      const lines = await readFile(join(tasks.path(task), TASK_RESULTS), 'utf8');
      let drawn = false;
      for (const line of lines.trimEnd().split('\n')) {
        const entry = JSON.parse(line) as TaskEntry;
        made.pictures++;
        if ('maps' in entry) {
          made.maps += entry.maps.length;
          drawn ||= entry.maps.length > 0;
        } else made.skipped.push({ picture: entry.picture, reason: entry.reason });
      }
      // A task whose pictures have maps draws one figure.
      if (drawn) made.figures++;
      await file.appendFile(lines);
      progress?.(task);
    }
  });
  return made;
}
