/** @file Many rows dealt to several threads, each with a session for one core: more pictures per second than all cores on one. */
import { joinedRows, rowCount, rowsOf } from './rows.js';
import type { Session, SessionTensors } from './session.js';

/** Rows that a member runs before it takes the next ones. */
const DEALT_ROWS = 4;
/** Milliseconds of batches on one session after which the others are opened: about what opening them takes. */
const PATIENCE = 500;

/** A session and the end of the thread it lives in. */
export interface TeamMember {
  session: Session;
  end(): Promise<void>;
}

/**
 * A session that runs single rows with all cores, as they are there soonest so, and batches by a team of sessions of one
 * core each, once batches have taken long enough for that to pay. A row's result is the same either way.
 * @param alone runs rows one by one with all cores
 * @param opened opens the team, which runs rows one by one too
 * @param patience milliseconds of batches that run alone
 */
export function rowsInTeam(alone: Session, opened: () => Promise<TeamMember[]>, patience = PATIENCE): Session {
  let [spent, last] = [0, 0];
  let opening: Promise<TeamMember[]> | undefined;
  let team: Dealer | undefined;
  let released = false;
  const open = () => {
    opening = opened();
    // What cannot be had, such as memory, is done without.
    opening.then(
      (members) => (team = new Dealer(members.map(({ session }) => session))),
      () => {},
    );
  };
  return {
    inputNames: alone.inputNames,
    outputNames: alone.outputNames,
    async run(feeds, outputs) {
      const rows = rowCount(feeds);
      if (rows === 1 || released) return alone.run(feeds, outputs);
      if (team) return team.run(feeds, rows, outputs);
      const started = performance.now();
      const result = await alone.run(feeds, outputs);
      // Batches that were asked for together wait for each other: time counts once.
      const ended = performance.now();
      spent += ended - Math.max(started, last);
      last = ended;
      if (spent > patience && !opening && !released) open();
      return result;
    },
    async release() {
      released = true;
      await team?.idle();
      await alone.release();
      for (const member of (await opening?.catch(() => [])) ?? []) await member.end();
    },
  };
}

/** Deals rows to sessions, some at a time to whichever has nothing to do. */
class Dealer {
  readonly #idle: Session[];
  readonly #size: number;
  readonly #waiting: ((session: Session) => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(sessions: readonly Session[]) {
    this.#idle = [...sessions];
    this.#size = sessions.length;
  }

  async run(feeds: SessionTensors, rows: number, outputs: readonly string[] | undefined): Promise<SessionTensors> {
    const size = Math.min(DEALT_ROWS, Math.ceil(rows / this.#size));
    const parts = Array.from({ length: Math.ceil(rows / size) }, (_, part) =>
      this.#dealt((session) => session.run(rowsOf(feeds, part * size, size), outputs)),
    );
    const all = Promise.all(parts);
    this.#running.add(all);
    try {
      return joinedRows(await all);
    } finally {
      this.#running.delete(all);
    }
  }

  /** Resolves when what was asked for so far is done. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #dealt<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = this.#idle.pop() ?? (await new Promise<Session>((resolve) => this.#waiting.push(resolve)));
    try {
      return await work(session);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(session);
      else this.#idle.push(session);
    }
  }
}
