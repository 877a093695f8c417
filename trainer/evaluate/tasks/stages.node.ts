/** @file The tasks of an evaluation: parts of both sets, pictures in place of broken ones, and features that turn out to be needed. */
import { join } from 'node:path';
import { TaskResults } from '../../../inference/tasks/results.node.js';
import type { TaskContext, TaskStage } from '../../../inference/tasks/job.js';
import { setPlans, type SetPlans } from '../../quality/distances.node.js';
import type { FeatureNetwork } from '../../quality/feature-network.node.js';
import type { GramSession } from '../../quality/distance/gram.node.js';
import { BLOCK } from '../../quality/distance/gram.node.js';
import { kernelPlan, neededRows, type SetRole, type SubsetOptions } from '../../quality/distance/kernel-plan.js';
import { keptPositions, partRange, partsOf, replacement } from '../../quality/measure-set.node.js';
import { MeasuredSet } from '../../quality/measured-set.node.js';
import { measuredPart, measuredRows, type PartRequest } from '../../quality/set-part.node.js';
import type { OpenedPair } from '../pair.node.js';
import { readPart, writePart } from './part-file.node.js';

const ROLES = ['real', 'fake'] as const satisfies readonly SetRole[];

/** What all tasks need. */
export interface EvaluationTasks {
  out: string;
  pair: OpenedPair;
  network: FeatureNetwork;
  products: GramSession;
  subsets: SubsetOptions;
  /** @throws InputError if the folder is another job's by now */
  expectOurs: () => Promise<void>;
}

const partName = (task: number) => `${String(task).padStart(5, '0')}.part`;

interface Replacement {
  role: SetRole;
  request: NonNullable<ReturnType<typeof replacement>>;
}

interface MissingRows {
  role: SetRole;
  positions: Uint32Array;
}

/** The stages of an evaluation, and what is read of their results. */
export class EvaluationStages {
  readonly #tasks: EvaluationTasks;
  readonly #plans: SetPlans;
  /** Parts of the first set, and of both. */
  readonly #parts: TaskResults;
  readonly #keeps: Partial<Record<SetRole, PartRequest['keeps']>> = {};
  /** What later stages do, once the earlier ones are complete. */
  #further: Replacement[] | undefined;
  #missing: MissingRows[] | undefined;

  constructor(tasks: EvaluationTasks) {
    this.#tasks = tasks;
    const { real, fake } = tasks.pair;
    this.#plans = setPlans({ real: real.wanted, fake: fake.wanted }, tasks.subsets);
    this.#parts = this.#results('parts', partsOf(this.#plans.real) + partsOf(this.#plans.fake));
  }

  /** In the order in which they run. */
  get stages(): TaskStage[] {
    return [
      this.#stage('parts', {
        tasks: () => Promise.resolve(this.#parts.count),
        size: (task) => {
          const { start, end } = this.#rangeOf(task);
          return end - start;
        },
        run: (task, context) => this.#runPart(task, context),
      }),
      this.#stage('replacements', {
        tasks: async () => (await this.#replacements()).length,
        size: (task) => this.#further?.[task]?.request.most ?? 0,
        run: async (task, context) => {
          const { role, request } = (await this.#replacements())[task] ?? {};
          if (role && request) await this.#measure('replacements', task, role, request, context);
        },
      }),
      this.#stage('features', {
        tasks: async () => (await this.#missingRows()).length,
        size: (task) => this.#missing?.[task]?.positions.length ?? 0,
        run: async (task, context) => {
          const { role, positions } = (await this.#missingRows())[task] ?? {};
          if (role && positions) await this.#runRows(task, role, positions, context);
        },
      }),
    ];
  }

  /** Both sets, put together from the results in the order of their positions. All stages must be complete. */
  async measured(): Promise<{ real: MeasuredSet; fake: MeasuredSet }> {
    const [real, fake] = [await this.#set('real', true, true), await this.#set('fake', true, true)];
    for (const [task, { role }] of (await this.#missingRows()).entries()) {
      const { rows } = await this.#read('features', task, false);
      (role === 'real' ? real : fake).addRows(rows);
    }
    return { real, fake };
  }

  #results(name: string, count: number): TaskResults {
    return new TaskResults(join(this.#tasks.out, name), count, partName);
  }

  #stage(name: string, own: Pick<TaskStage, 'tasks' | 'size' | 'run'>): TaskStage {
    let results: Promise<TaskResults> | undefined;
    const found = () => (results ??= own.tasks().then((count) => this.#results(name, count)));
    return {
      name,
      ...own,
      missing: async () => (await found()).missing(),
      done: async (task) => (await found()).done(task),
      files: { of: (task) => ({ path: `${name}/${partName(task)}` }), read: 'all' },
    };
  }

  /** The set and the positions of a task of the first stage. */
  #rangeOf(task: number): { role: SetRole; start: number; end: number } {
    const first = partsOf(this.#plans.real);
    const role = task < first ? 'real' : 'fake';
    return { role, ...partRange(task < first ? task : task - first, this.#plans[role]) };
  }

  #runPart(task: number, context: TaskContext): Promise<void> {
    const { role, start, end } = this.#rangeOf(task);
    const keeps = (this.#keeps[role] ??= keptPositions(this.#plans[role]));
    return this.#measure('parts', task, role, { start, end, keeps }, context);
  }

  async #measure(
    name: string,
    task: number,
    role: SetRole,
    request: PartRequest,
    { signal, progress }: TaskContext,
  ): Promise<void> {
    const { pair, network, products, expectOurs } = this.#tasks;
    const total = request.most ?? request.end - request.start;
    let done = 0;
    const part = await measuredPart(network, pair[role].candidates, {
      ...request,
      gram: this.#plans.frechet ? products.gram : undefined,
      signal,
      progress: (pictures) => progress?.((done += pictures), total),
    });
    await writePart(this.#results(name, task + 1).path(task), part, network.size, expectOurs);
  }

  async #runRows(task: number, role: SetRole, positions: Uint32Array, { signal }: TaskContext): Promise<void> {
    const { pair, network, expectOurs } = this.#tasks;
    const kept = await measuredRows(network, pair[role].candidates, positions, signal);
    const [start = 0, last = 0] = [positions[0], positions.at(-1)];
    const part = { start, end: last + 1, broken: [], kept };
    await writePart(this.#results('features', task + 1).path(task), part, network.size, expectOurs);
  }

  #read(name: string, task: number, withSums: boolean) {
    return readPart(this.#results(name, task + 1).path(task), this.#tasks.network.size, withSums);
  }

  /** A set of the parts that are there. */
  async #set(role: SetRole, withReplacement: boolean, withSums: boolean): Promise<MeasuredSet> {
    const { pair, network } = this.#tasks;
    const set = new MeasuredSet(pair[role].candidates, network.size);
    for (let task = 0; task < this.#parts.count; task++) {
      if (this.#rangeOf(task).role !== role) continue;
      const { part, rows } = await this.#read('parts', task, withSums);
      set.add(part, rows);
    }
    const further = withReplacement ? (await this.#replacements()).findIndex((each) => each.role === role) : -1;
    if (further >= 0) {
      const { part, rows } = await this.#read('replacements', further, withSums);
      set.add(part, rows);
    }
    return set;
  }

  async #replacements(): Promise<Replacement[]> {
    if (this.#further) return this.#further;
    const further: Replacement[] = [];
    for (const role of ROLES) {
      const plan = this.#plans[role];
      const broken = plan.wanted - (await this.#set(role, false, false)).count;
      const request = replacement(plan, this.#tasks.pair[role].candidates, broken);
      if (request) further.push({ role, request });
    }
    return (this.#further = further);
  }

  /** Features that no part keeps, a block per task. */
  async #missingRows(): Promise<MissingRows[]> {
    if (this.#missing) return this.#missing;
    const [real, fake] = [await this.#set('real', true, false), await this.#set('fake', true, false)];
    real.expectAny();
    fake.expectAny();
    const plan = kernelPlan(real.count, fake.count, this.#tasks.subsets);
    const missing: MissingRows[] = [];
    for (const role of ROLES) {
      const set = role === 'real' ? real : fake;
      const positions = set.missing(neededRows(set.count, role, plan));
      for (let start = 0; start < positions.length; start += BLOCK)
        missing.push({ role, positions: positions.slice(start, start + BLOCK) });
    }
    return (this.#missing = missing);
  }
}
