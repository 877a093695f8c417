/** @file Slurm on loopback: its controller, one node and munge in a temporary folder, on free ports. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Slurm {
  /** What Slurm's commands need to find it. */
  environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts Slurm. @returns why it cannot be had, where it is not installed or does not start */
export async function startSlurm(folder: string): Promise<Slurm | string> {
  for (const program of ['munged', 'slurmctld', 'slurmd', 'sbatch']) {
    if (spawnSync(program, ['--version']).error) return `${program} is not installed`;
  }
  const at = (name: string) => join(folder, name);
  for (const name of ['state', 'spool', 'munge']) await mkdir(at(name), { mode: 0o700 });
  await writeFile(at('munge/key'), randomBytes(1024), { mode: 0o400 });
  await writeFile(at('slurm.conf'), await configuration(folder));
  const environment = { SLURM_CONF: at('slurm.conf') };
  const running: ChildProcess[] = [];
  const start = (program: string, options: readonly string[]) =>
    running.push(spawn(program, options, { stdio: 'ignore', env: { ...process.env, ...environment } }));
  const stop = async () => {
    for (const child of running.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
    }
  };
  const files = ['key-file=key', 'socket=socket', 'pid-file=pid', 'log-file=log', 'seed-file=seed'];
  start('munged', ['--foreground', '--force', ...files.map((each) => `--${each.replace('=', `=${at('munge')}/`)}`)]);
  await sleep(500);
  start('slurmctld', ['-D', '-f', at('slurm.conf')]);
  start('slurmd', ['-D', '-f', at('slurm.conf')]);
  for (let waited = 0; waited < 20_000; waited += 250) {
    const { stdout } = spawnSync('sinfo', ['--noheader', '--format=%t'], {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
      timeout: 5000,
    });
    if (stdout?.trim() === 'idle') return { environment, stop };
    await sleep(250);
  }
  await stop();
  return 'its node is not idle after 20 s';
}

async function configuration(folder: string): Promise<string> {
  const host = hostname().split('.')[0] ?? 'localhost';
  const user = userInfo().username;
  const [controller, node] = [await freePort(), await freePort()];
  return `ClusterName=ganscope
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge/socket
CredType=cred/munge
SlurmctldPort=${controller}
SlurmdPort=${node}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=${host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`;
}

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
