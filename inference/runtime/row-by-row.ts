/** @file A session that runs the rows of a batch one by one, so that a result depends on its own row alone, to the last bit. */
import { joinedRows, rowCount, rowsOf } from './rows.js';
import type { Session, SessionTensors } from './session.js';

/**
 * The same session, for networks whose inputs and outputs all have a row per picture [N, …]. On CPUs it takes hardly
 * longer than whole batches: runtimes go through them picture by picture.
 */
export function rowByRow(session: Session): Session {
  return {
    ...session,
    run: async (feeds, outputs, levels) => {
      const results: SessionTensors[] = [];
      for (let row = 0; row < rowCount(feeds); row++) {
        results.push(await session.run(rowsOf(feeds, row, 1), outputs, levels));
      }
      return joinedRows(results);
    },
  };
}
