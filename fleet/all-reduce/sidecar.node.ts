/** @file A group of ranks through torch.distributed, in a Python process that this one starts and speaks to over pipes. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../onnx/errors.js';
import type { Group } from '../../trainer/step/state/group.js';
import { FrameReader, frameHeader, type Frame } from './frames.js';
import { launchedPlace, type Place } from './launcher.js';

/** How ranks talk: NCCL where all have a GPU and gloo elsewhere, or always one of them. */
type GroupBackend = 'auto' | 'gloo' | 'nccl';

export interface JoinOptions {
  backend?: GroupBackend | undefined;
  /** A Python that has torch; by default the variable GANSCOPE_PYTHON, or `python3`. */
  python?: string | undefined;
  /** Aborts the wait for the other ranks. */
  signal?: AbortSignal | undefined;
  /** Told each line that torch prints. */
  detail_callback?: ((line: string) => void) | undefined;
}

/** The shipped Python file. */
const script = fileURLToPath(new URL('../../../fleet/all-reduce/all_reduce.py', import.meta.url));
/** Largest message that is sent at once; longer arrays go in parts. */
const MAX_BYTES = 2 ** 30;
/** Largest array that rank 0 may send to all. */
const MAX_CAST = 2 ** 33;
/** Largest text of a message. */
const MAX_TEXT = 2 ** 16;
/** Milliseconds that the process may take to end once its input has. */
const END_MS = 5000;

/**
 * Joins the ranks that torchrun started. Close the group when training has ended, also by an error.
 * @throws InputError if torchrun did not start this process, or Python, torch or the other ranks cannot be had
 */
export async function joinGroup(options: JoinOptions = {}): Promise<SidecarGroup> {
  const python =
    options.python ?? process.env['GANSCOPE_PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');
  return SidecarGroup.start(launchedPlace(process.env), python, options);
}

/** The ranks of a run as one of them sees it. */
export class SidecarGroup implements Group {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly job: string | undefined;
  readonly #python: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #reader: FrameReader;
  #expected = { kind: 'INFO', bytes: MAX_TEXT };
  #waiting: { resolve: (data: Uint8Array<ArrayBuffer>) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;
  #lastLine = '';
  #backend = '';

  private constructor(place: Place, python: string, { backend = 'auto', detail_callback }: JoinOptions) {
    ({ rank: this.rank, size: this.size, localRank: this.localRank, localSize: this.localSize } = place);
    this.job = place.job;
    this.#python = python;
    this.#child = spawn(python, [script, backend], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#reader = new FrameReader((kind) => {
      if (kind === 'FAIL') return MAX_TEXT;
      return kind === this.#expected.kind ? this.#expected.bytes : -1;
    });
    this.#child.on('error', (error: NodeJS.ErrnoException) =>
      this.#fail(this.#missing(`cannot be started (${error.code})`)),
    );
    this.#child.on('close', (code, signal) => this.#fail(this.#ended(signal ?? `exit code ${code}`)));
    this.#child.stdin.on('error', () => {}); // Its end says why.
    this.#child.stdout.on('data', (portion: Buffer) => this.#take(portion));
    let text = '';
    this.#child.stderr.setEncoding('utf8').on('data', (portion: string) => {
      const lines = (text + portion).split('\n');
      text = (lines.pop() ?? '').slice(-MAX_TEXT);
      for (const line of lines.filter((each) => each.trim() !== '')) {
        this.#lastLine = line;
        detail_callback?.(line);
      }
    });
  }

  /** @throws InputError as `joinGroup` */
  static async start(place: Place, python: string, options: JoinOptions = {}): Promise<SidecarGroup> {
    const { signal } = options;
    signal?.throwIfAborted();
    const group = new SidecarGroup(place, python, options);
    const stop = () => group.#fail(signal?.reason as Error);
    signal?.addEventListener('abort', stop);
    try {
      const info = JSON.parse(new TextDecoder().decode(await group.#answer('INFO', MAX_TEXT))) as Record<
        string,
        unknown
      >;
      if (info['rank'] !== place.rank || info['size'] !== place.size)
        throw new InputError(
          `torch.distributed: rank ${info['rank']} of ${info['size']}, but torchrun said ${place.rank} of ${place.size}`,
        );
      group.#backend = `${String(info['backend'])} of torch ${String(info['torch'])}`;
      return group;
    } catch (error) {
      await group.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  get description(): string {
    return this.#backend;
  }

  async mean(values: Float32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let at = 0; at < bytes.length; at += MAX_BYTES) {
      const part = bytes.subarray(at, at + MAX_BYTES);
      const mean = await this.#asked('MEAN', part, part.length);
      if (mean.length !== part.length) throw this.#broken(`MEAN of ${mean.length} bytes, not ${part.length}`);
      if (mean.length === bytes.length) return new Float32Array(mean.buffer);
      part.set(mean);
    }
    return values;
  }

  fromFirst(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#asked('CAST', this.rank === 0 ? bytes : new Uint8Array(), this.rank === 0 ? bytes.length : MAX_CAST);
  }

  /** Leaves the group and ends the process. */
  async close(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.#failure ??= new InputError('the group was left');
    const ended = once(this.#child, 'close');
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), this.#waiting ? 0 : END_MS);
    await ended;
    clearTimeout(late);
  }

  async #asked(kind: string, data: Uint8Array, most: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#failure) throw this.#failure;
    const answer = this.#answer(kind, most);
    this.#child.stdin.write(frameHeader(kind, data.length));
    this.#child.stdin.write(data);
    return answer;
  }

  #answer(kind: string, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#expected = { kind, bytes };
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  #take(portion: Uint8Array): void {
    let frames: Frame[];
    try {
      frames = this.#reader.push(portion);
    } catch (error) {
      this.#child.kill('SIGKILL');
      return this.#fail(this.#broken((error as Error).message));
    }
    for (const { kind, data } of frames) {
      if (kind === 'FAIL') this.#fail(this.#problem(new TextDecoder().decode(data)));
      else this.#waiting?.resolve(data);
      this.#waiting = undefined;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  #problem(line: string): InputError {
    if (line.startsWith('no torch')) return this.#missing(`has ${line}`);
    if (this.#backend === '') return new InputError(`torch.distributed: the ranks have not met (${line})`);
    return new InputError(
      `rank ${this.rank}: the connection to another rank is lost; that rank's messages say why (${line})`,
    );
  }

  #missing(what: string): InputError {
    return new InputError({
      name: 'python',
      expected: 'a Python with torch (pip install torch); GANSCOPE_PYTHON names one too',
      got: `${this.#python}, which ${what}`,
    });
  }

  #ended(how: string): InputError {
    const last = this.#lastLine === '' ? '' : `: ${this.#lastLine.slice(0, 300)}`;
    return new InputError(
      `rank ${this.rank}: ${this.#python}, which averages the gradients, has ended (${how})${last}`,
    );
  }

  #broken(what: string): InputError {
    return new InputError(`rank ${this.rank}: ${this.#python} sent what was not expected: ${what}`);
  }
}
