/** @file --distributed: the group of processes that torchrun has started. */
import type { Group } from 'ganscope/fleet';
import { UsageError } from '../common/errors.js';
import type { Printer } from '../common/print.js';

interface DistributedFlags {
  distributed?: string | undefined;
  python?: string | undefined;
  resume?: string | undefined;
}

const BACKENDS = ['gloo', 'nccl'] as const;

/**
 * Joins the group, where --distributed is given.
 * @throws UsageError for options that do not go together
 */
export async function joinedGroup(
  { distributed, python, resume }: DistributedFlags,
  { print, signal, warn }: { print: Printer; signal: AbortSignal; warn: (text: string) => void },
): Promise<(Group & { close(): Promise<void> }) | undefined> {
  if (distributed === undefined) {
    if (python !== undefined) throw new UsageError('--python: expected it with --distributed');
    return undefined;
  }
  const backend = BACKENDS.find((each) => each === distributed);
  if (distributed !== '' && backend === undefined)
    throw new UsageError(`--distributed: expected gloo, nccl or no value; got ${JSON.stringify(distributed)}`);
  if (resume === '')
    throw new UsageError(
      '--resume: expected the folder of the run with --distributed, which starts it where it is missing',
    );
  const { joinGroup } = await import('ganscope/fleet');
  const group = await joinGroup({ backend, python, signal, detail_callback: (line) => print.detail(line) });
  const restarts = Number(process.env['TORCHELASTIC_MAX_RESTARTS'] ?? 0);
  if (group.rank === 0 && restarts > 0 && resume === undefined)
    warn(`torchrun may restart this run ${restarts} times; it goes on then only with --resume FOLDER`);
  return group;
}
