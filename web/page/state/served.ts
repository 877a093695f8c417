/** @file What gan-studio serves: the runs on disk, and the addresses of their networks and of the page's own. */
import type { RunDetails } from '../../server/runs/details.node.js';
import type { RunInfo } from '../../server/runs.node.js';

export type Role = 'generator' | 'discriminator';

/** The page's own networks. */
const TINY: Readonly<Record<Role, string>> = {
  generator: new URL('../../../fixtures/tiny/generator.onnx', import.meta.url).href,
  discriminator: new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url).href,
};

/** The address of a network: of a checkpoint where one is named; the page's own network for no run. */
export function addressOf(run: string, role: Role, checkpoint?: string): string {
  if (run === '') return TINY[role];
  const folder = checkpoint === undefined ? 'onnx' : `checkpoints/${checkpoint}`;
  return new URL(`runs/${encodeURIComponent(run)}/${folder}/${role}.onnx`, location.href).href;
}

/** The name of a run's newest checkpoint; undefined if it has none. */
export async function newestCheckpoint(run: string): Promise<string | undefined> {
  const response = await fetch(`api/runs/${encodeURIComponent(run)}`);
  const details = response.ok ? ((await response.json()) as RunDetails) : undefined;
  return details?.checkpoints.at(-1)?.name;
}

/** The runs on disk; undefined where no gan-studio answers. */
export async function knownRuns(): Promise<RunInfo[] | undefined> {
  const response = await fetch('api/runs').catch(() => undefined);
  if (!response?.ok || !response.headers.get('content-type')?.startsWith('application/json')) return undefined;
  return (await response.json()) as RunInfo[];
}
