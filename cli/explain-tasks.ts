/** @file gan-gradcam of many pictures: their tasks are run by an engine, and what was made is told. */
import type { startExplainJob } from 'ganscope/explain';
import type { TaskEngine } from 'ganscope/tasks';
import type { CommandContext } from './command.js';

/** What is said of a job that was interrupted. */
export const CONTINUES = 'Interrupted; the same command with --resume continues.';

/** Explains many pictures, or this process's share of them. */
export async function explainTasks(
  request: Parameters<typeof startExplainJob>[0],
  engine: TaskEngine,
  context: CommandContext,
): Promise<void> {
  const { startExplainJob: start } = await import('ganscope/explain');
  const { performJob } = await import('ganscope/tasks');
  const { assumptionLines } = await import('./common/lines.js');
  const { print, signal, note } = context;
  const job = await start(request);
  try {
    context.device(job.choice);
    for (const line of assumptionLines(job.assumed)) print.info(line);
    const bar = context.progress('pictures');
    const performing = performJob(job, engine, {
      signal,
      progress: (done, total, _stage, text) => bar.update(done, total, text),
      finishing: (done, total) => bar.update(done, total),
      log: note,
    });
    const made = await performing.finally(() => bar.stop());
    if (!made) return;
    context.skipped(made.skipped.map(({ reason }) => reason));
    const { pictures, maps, figures, results } = made;
    print.info('Files:');
    print.info(`  ${results}`);
    print.info(`  and ${maps} maps of ${pictures} pictures, and ${figures} figures, in ${request.out}/*/`);
  } catch (error) {
    if (signal.aborted) print.info(engine.shared ? 'Interrupted; the same command continues.' : CONTINUES);
    throw error;
  } finally {
    await job.dispose();
  }
}
