/** @file A share of a job's tasks: every N-th, for processes that a scheduler starts. */
import { InputError } from '../../onnx/errors.js';

/** Share `index` of `count`: the tasks whose number leaves this remainder. */
export interface Shard {
  /** From 0 on. */
  index: number;
  count: number;
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A shard and where it was found. */
export interface ChosenShard {
  shard: Shard;
  /** The variable that the index was taken from; the user named it where there is none. */
  from?: string;
}

const MAX_SHARDS = 1_000_000;
const EXPECTED = 'I/N with I of 0…N−1, such as 0/8, or /N with the number from the environment';
/** Schedulers that number their processes: the variables of the number, and of the number of processes where there is one. */
const SLURM = 'SLURM_ARRAY_TASK_ID';
const KUBERNETES = 'JOB_COMPLETION_INDEX';

/** Whether a task is of this shard. */
export function isOfShard({ index, count }: Shard, task: number): boolean {
  return task % count === index;
}

/**
 * The shard of this process: as the text says, or as the environment says. `SLURM_ARRAY_TASK_ID`, `_MIN`, `_STEP` and `_COUNT` need no
 * text; `/N` takes the number from `SLURM_ARRAY_TASK_ID` or `JOB_COMPLETION_INDEX` as it is.
 * @param text `I/N` or `/N`
 * @returns nothing where neither names one
 * @throws InputError for texts that stand for no shard, and numbers out of range
 */
export function chosenShard(text: string | undefined, environment: Environment): ChosenShard | undefined {
  if (text === undefined) return slurmShard(environment);
  const [, index, count] = /^\s*(\d+)?\s*\/\s*(\d+)\s*$/.exec(text) ?? [];
  if (count === undefined) throw new InputError({ name: 'shard', expected: EXPECTED, got: JSON.stringify(text) });
  if (index !== undefined) return { shard: checked(Number(index), Number(count), 'shard', text) };
  const from = [SLURM, KUBERNETES].find((name) => environment[name] !== undefined);
  if (from === undefined) {
    const expected = `I/N, as neither ${SLURM} nor ${KUBERNETES} is set`;
    throw new InputError({ name: 'shard', expected, got: JSON.stringify(text) });
  }
  const number = environmentNumber(environment, from);
  return { shard: checked(number, Number(count), from, String(number)), from };
}

/** The share of a Slurm array's task. */
function slurmShard(environment: Environment): ChosenShard | undefined {
  if (environment[SLURM] === undefined || environment['SLURM_ARRAY_TASK_COUNT'] === undefined) return undefined;
  const numbers = ['ID', 'COUNT', 'MIN', 'STEP'].map((name) => {
    const variable = `SLURM_ARRAY_TASK_${name}`;
    return name === 'STEP' && environment[variable] === undefined ? 1 : environmentNumber(environment, variable);
  });
  const [id, count, least, step] = numbers as [number, number, number, number];
  const index = (id - least) / step;
  if (!Number.isInteger(index) || index >= count) {
    const expected = 'a number of an array without gaps, such as --array=0-7 (for others name N: `shard` /N)';
    throw new InputError({ name: SLURM, expected, got: `${id} as one of ${count} from ${least} on` });
  }
  return { shard: checked(index, count, SLURM, String(id)), from: SLURM };
}

function environmentNumber(environment: Environment, name: string): number {
  const text = environment[name] ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InputError({ name, expected: 'a number, as the scheduler sets it', got: JSON.stringify(text) });
}

function checked(index: number, count: number, name: string, got: string): Shard {
  if (count >= 1 && count <= MAX_SHARDS && index < count) return { index, count };
  const expected = name === 'shard' ? EXPECTED : `a number of 0…${count - 1}, as \`shard\` says`;
  throw new InputError({ name, expected, got: name === 'shard' ? JSON.stringify(got) : got });
}
