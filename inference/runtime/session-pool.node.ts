/** @file Distributes rows to several threads with one single-core session each: faster than one session on all cores. */
import { joinedRows, rowCount, rowsOf } from './rows.js';
import type { Session, SessionTensors } from './session.js';

/** Rows per message to a member: enough that the messages cost little. */
const DEALT_ROWS = 16;
/** Run time in milliseconds after which the other members are opened: about the time that opening takes. */
const PATIENCE = 300;

/** A session in its own thread. */
export interface TeamMember {
  session: Session;
  /** Whether its thread has ended with an error. */
  hasEnded(): boolean;
  end(): Promise<void>;
}

/** Options of a pool. */
export interface TeamOptions {
  /** Maximum number of members, including the first. */
  size: number;
  /** Opens a member. */
  opened: () => Promise<TeamMember>;
  /** Run time in milliseconds before other members are opened. */
  patience?: number;
}

/**
 * A session that distributes rows to equal sessions: the first, and others that are opened when enough run time has passed
 * to make it worthwhile.
 * @param first runs on one core, each result from its own row alone, like the others, so results do not depend on the member
 */
export function rowsInTeam(first: Session, { size, opened, patience = PATIENCE }: TeamOptions): Session {
  const dealer = new Dealer(first);
  const opening: Promise<TeamMember | undefined>[] = [];
  let [spent, last, released] = [0, 0, false];
  const openOthers = () => {
    for (let member = 1; member < size; member++) {
      // Skip sessions that cannot be opened, such as for lack of memory.
      opening.push(opened().catch(() => undefined));
    }
    for (const each of opening) void each.then((member) => member && !released && dealer.add(member));
  };
  return {
    inputNames: first.inputNames,
    outputNames: first.outputNames,
    async run(feeds, outputs, levels) {
      if (released) return first.run(feeds, outputs, levels);
      const started = performance.now();
      const rows = rowCount(feeds);
      const dealt = Math.max(1, Math.min(DEALT_ROWS, Math.ceil(rows / size)));
      const result = await dealer.run(feeds, dealt, (session, part) => session.run(part, outputs, levels));
      // Concurrent batches wait for each other: count the time once.
      const ended = performance.now();
      if (rows > 1) spent += ended - Math.max(started, last);
      last = ended;
      if (spent > patience && opening.length === 0 && !released) openOthers();
      return result;
    },
    async release() {
      released = true;
      await dealer.idle();
      await first.release();
      for (const member of await Promise.all(opening)) await member?.end();
    },
  };
}

/** A member with its state in the scheduler. */
type Dealt = Pick<TeamMember, 'session' | 'hasEnded'>;

/** Distributes rows to idle members. */
class Dealer {
  readonly #idle: Dealt[];
  /** Pending requests, in order. */
  readonly #waiting: ((member: Dealt) => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(first: Session) {
    this.#idle = [{ session: first, hasEnded: () => false }];
  }

  /** Gives a member its next work. */
  add(member: Dealt): void {
    const next = this.#waiting.shift();
    if (next) next(member);
    else this.#idle.push(member);
  }

  /** The results of all rows, `size` rows at a time. Rejects only after all running rows have ended. */
  async run(
    feeds: SessionTensors,
    size: number,
    work: (session: Session, part: SessionTensors) => Promise<SessionTensors>,
  ): Promise<SessionTensors> {
    const parts = Array.from({ length: Math.ceil(rowCount(feeds) / size) }, (_, part) =>
      this.#dealt((session) => work(session, rowsOf(feeds, part * size, size))),
    );
    const all = Promise.allSettled(parts);
    this.#running.add(all);
    await all;
    this.#running.delete(all);
    return joinedRows(await Promise.all(parts));
  }

  /** Resolves when all current requests are done. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #dealt<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const member = this.#idle.pop() ?? (await new Promise<Dealt>((resolve) => this.#waiting.push(resolve)));
    try {
      return await work(member.session);
    } finally {
      if (!member.hasEnded()) this.add(member);
    }
  }
}
