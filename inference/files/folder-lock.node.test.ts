import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOCK_FILE, lockFolder, lostLocks } from './folder-lock.node.js';
import { BEAT_MS, SILENCE_MS, thisProcess } from './lock-owner.node.js';
import { LockWatch } from './lock-watch.node.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const module = fileURLToPath(new URL('./folder-lock.node.js', import.meta.url));
/** A process that locks the folder `out`, says so, and goes on until it is killed. */
function holder(): Promise<{ line: string; kill: () => Promise<void> }> {
  const script = `import { lockFolder } from ${JSON.stringify(module)};
    await lockFolder('out').then(() => console.log('locked'), (error) => console.log(error.message));
    setTimeout(() => {}, 60000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  const kill = () => {
    const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
    child.kill('SIGKILL');
    return closed;
  };
  return new Promise((resolve) => child.stdout.once('data', (line) => resolve({ line: String(line).trim(), kill })));
}

const owner = async () => JSON.parse(await readFile(join(folder, 'out', LOCK_FILE), 'utf8')) as Record<string, unknown>;
const out = () => join(folder, 'out');

describe('lockFolder(folder)', () => {
  it('refuses a second lock and names who holds the first', async () => {
    const lock = await lockFolder(out());
    await expect(lockFolder(out(), 'resume')).rejects.toThrow(
      new RegExp(`^resume: expected a folder that no other process writes to; got .*process ${process.pid} on `),
    );
    await lock.release();
    await (await lockFolder(out())).release();
    // Folders that a lock made go with it where they are empty.
    expect(await readdir(folder)).toEqual([]);
    await (await lockFolder(join(out(), 'a', 'b'))).release();
    expect(await readdir(folder)).toEqual([]);
    const filled = await lockFolder(join(out(), 'a', 'b'));
    await writeFile(join(out(), 'a', 'file'), '');
    await filled.release();
    expect(await readdir(folder, { recursive: true })).toEqual(['out', join('out', 'a'), join('out', 'a', 'file')]);
  });

  it('takes over from a process that was killed, and from nobody who is running', async () => {
    const first = await holder();
    expect(first.line).toBe('locked');
    await expect(lockFolder(out())).rejects.toThrow(`in use by`);
    await first.kill();
    const lock = await lockFolder(out());
    expect(await owner()).toMatchObject({ pid: process.pid, host: hostname() });
    await lock.release();
  });

  it('gives a lock that was left behind to one of many', async () => {
    await (await holder()).kill();
    const many = await Promise.all(Array.from({ length: 4 }, holder));
    const lines = many.map(({ line }) => line.replace(/;.*/, ''));
    await Promise.all(many.map(({ kill }) => kill()));
    const refused = 'out: expected a folder that no other process writes to';
    expect(lines.toSorted()).toEqual(['locked', refused, refused, refused]);
    expect((await readdir(out())).filter((name) => name !== LOCK_FILE)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('tells a process number that is used again from the owner', async () => {
    await (await holder()).kill();
    await writeFile(join(out(), LOCK_FILE), JSON.stringify({ ...(await owner()), pid: process.pid }));
    await (await lockFolder(out())).release();
  });

  it('leaves the lock of another machine, and says how to remove it', async () => {
    await (await holder()).kill();
    await writeFile(join(out(), LOCK_FILE), JSON.stringify({ ...(await owner()), host: 'elsewhere', pid: 999_999 }));
    await expect(lockFolder(out())).rejects.toThrow(
      new RegExp(`process 999999 on elsewhere.*if it is gone, delete .*${LOCK_FILE}`),
    );
    expect(await owner()).toMatchObject({ host: 'elsewhere' });
  });

  it.skipIf(process.platform !== 'linux')(
    'knows a lock of another container or start of this machine by its signs of life',
    async () => {
      const path = join(out(), LOCK_FILE);
      await mkdir(out());
      for (const space of ['another-boot/pid:[1]', `${thisProcess().space}0`]) {
        // The number says nothing there: it is that of a process here that has ended, or of one that has not.
        for (const pid of [999_999, process.pid]) {
          await writeFile(path, JSON.stringify({ ...thisProcess(), space, pid, process: undefined }));
          await expect(lockFolder(out())).rejects.toThrow(/in use by .*; if it is gone, delete /);
        }
        const heard = Date.now() / 1000 - SILENCE_MS / 1000;
        await utimes(path, heard + 10, heard + 10);
        await expect(lockFolder(out())).rejects.toThrow('in use by');
        await utimes(path, heard - 10, heard - 10);
        await (await lockFolder(out())).release();
      }
    },
  );

  it('replaces a lock file that holds nothing', async () => {
    await (await lockFolder(out())).release();
    await (await lockFolder(folder)).release();
    await writeFile(join(folder, LOCK_FILE), '');
    await (await lockFolder(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('names a folder that cannot be made', async () => {
    await writeFile(out(), '');
    await expect(lockFolder(join(out(), 'below'))).rejects.toThrow(
      /^out: expected a folder that can be written to; got .*below \(ENOTDIR\)$/,
    );
  });

  it('removes what killed writers left, and nothing else', async () => {
    await (await holder()).kill();
    const script = `import { temporaryBeside } from ${JSON.stringify(module.replace(/inference.files.folder-lock/, 'onnx/files/disk/temporary'))};
      import { writeFileSync } from 'node:fs'; writeFileSync(temporaryBeside('out/picture.png'), '');`;
    await new Promise((resolve) =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: folder }).on('close', resolve),
    );
    await writeFile(join(out(), '.mine.tmp'), '');
    expect(await readdir(out())).toHaveLength(3);
    await (await lockFolder(out())).release();
    expect(await readdir(out())).toEqual(['.mine.tmp']);
  });
});

describe('LockWatch', () => {
  const SILENCE = 60;
  const passed = () => sleep(2 * SILENCE);
  const lockOf = async (host: string, token = 'aaaaaaaa') => {
    await mkdir(out(), { recursive: true });
    await writeFile(
      join(out(), LOCK_FILE),
      JSON.stringify({ token, pid: 1, host, command: 'gan-worker', since: 'now' }),
    );
  };
  const watch = () => new LockWatch(out(), SILENCE);

  it('removes the lock of another machine that is silent, one of those who watch', async () => {
    await lockOf('elsewhere');
    const watches = [watch(), watch()];
    for (const each of watches) expect(await each.look()).toBe(false);
    await passed();
    expect((await Promise.all(watches.map((each) => each.look()))).toSorted()).toEqual([false, true]);
    expect(await readdir(out())).toEqual([]);
    await (await lockFolder(out())).release();
  });

  it('leaves a lock that shows life, is a new one or is of this machine', async () => {
    await lockOf('elsewhere');
    const each = watch();
    await each.look();
    await passed();
    await utimes(join(out(), LOCK_FILE), 1, 1);
    expect(await each.look()).toBe(false);
    await passed();
    await lockOf('elsewhere', 'bbbbbbbb');
    expect(await each.look()).toBe(false);
    await lockOf(hostname());
    expect(await each.look()).toBe(false);
    await passed();
    expect(await each.look()).toBe(false);
    expect(await owner()).toMatchObject({ host: hostname() });
  });
});

it('a held lock shows life, and tells when somebody else has taken it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const lock = await lockFolder(out());
    const path = join(out(), LOCK_FILE);
    await utimes(path, 1, 1);
    vi.advanceTimersByTime(BEAT_MS);
    await vi.waitFor(async () => expect((await stat(path)).mtimeMs).toBeGreaterThan(1e12));
    const lost: string[] = [];
    lostLocks.on('lost', (each) => lost.push(each));
    await writeFile(path, JSON.stringify({ ...(await owner()), token: 'aaaaaaaa' }));
    vi.advanceTimersByTime(BEAT_MS);
    await vi.waitFor(() => expect(lost).toEqual([out()]));
    await lock.release();
    expect(await owner()).toMatchObject({ token: 'aaaaaaaa' });
  } finally {
    vi.useRealTimers();
  }
});
