/** @file Rows shared by several threads, each with a session on one core: faster than one session on all cores. */
import { joinedRows, rowCount, rowsOf } from './rows.js';
import type { Session, SessionTensors } from './session.js';

/** Rows that a member runs before it takes the next ones: many enough that messages cost little. */
const DEALT_ROWS = 16;
/** Milliseconds of batches after which the others are opened: about what opening them takes. */
const PATIENCE = 300;

/** A session in a thread of its own. */
export interface TeamMember {
  session: Session;
  /** Whether its thread has ended, by an error. */
  hasEnded(): boolean;
  end(): Promise<void>;
}

/** How a team is made. */
export interface TeamOptions {
  /** Most members, the first included. */
  size: number;
  /** Opens a member. */
  opened: () => Promise<TeamMember>;
  /** Milliseconds of batches before others are opened. */
  patience?: number;
}

/**
 * A session that deals rows to sessions that are all alike: the first, and others that are opened once batches have taken
 * long enough for that to pay.
 * @param first runs rows one by one on one core, as the others do, so that it does not matter who runs a row
 */
export function rowsInTeam(first: Session, { size, opened, patience = PATIENCE }: TeamOptions): Session {
  const dealer = new Dealer(first);
  const opening: Promise<TeamMember | undefined>[] = [];
  let [spent, last, released] = [0, 0, false];
  const openOthers = () => {
    for (let member = 1; member < size; member++) {
      // A session that cannot be opened, for lack of memory, is left out.
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
      // Batches that were asked for together wait for each other: time counts once.
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

/** A member as the dealer sees it. */
type Dealt = Pick<TeamMember, 'session' | 'hasEnded'>;

/** Deals rows to members that are idle. */
class Dealer {
  readonly #idle: Dealt[];
  /** Deals in the order they were asked for. */
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

  /** The results of all rows, `size` of them at a time. A failure is reported when none of them runs any more. */
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

  /** Resolves when what was asked for so far is done. */
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
