/** @file A progress bar with rate and time left on a terminal; a line now and then where output goes to a file. */
import { createRequire } from 'node:module';

export interface ProgressBar {
  /** Sets how much is done. */
  update(done: number, total: number, note?: string): void;
  /** Prints a line above the bar. */
  log(line: string): void;
  stop(): void;
}

/** Seconds between lines where standard error is not a terminal. */
const LINE_INTERVAL = 15;

/**
 * @param unit what is counted, such as `steps`
 * @param print where `log` prints
 */
export function progressBar(unit: string, print: (line: string) => void = console.log): ProgressBar {
  return process.stderr.isTTY ? terminalBar(unit, print) : lineProgress(unit, print);
}

function terminalBar(unit: string, print: (line: string) => void): ProgressBar {
  const format = `{bar} {percentage}% | {value}/{total} ${unit} | {note} | {eta_formatted} left`;
  // Loaded here, so that commands start sooner where no bar is drawn.
  const { SingleBar } = createRequire(import.meta.url)('cli-progress') as typeof import('cli-progress');
  const bar = new SingleBar({ format, barsize: 24, hideCursor: true, etaBuffer: 50, forceRedraw: true });
  let running = false;
  return {
    update(done, total, note = '') {
      if (!running) bar.start(total, done, { note });
      else bar.setTotal(total);
      running = true;
      bar.update(done, { note });
    },
    log(line) {
      if (running) process.stderr.write('\r\u001B[2K');
      print(line);
    },
    stop() {
      if (running) bar.stop();
      running = false;
    },
  };
}

function lineProgress(unit: string, print: (line: string) => void): ProgressBar {
  let started: { time: number; done: number } | undefined;
  let [printed, last] = [0, 0];
  return {
    update(done, total, note = '') {
      const now = performance.now() / 1000;
      // Fewer than before: the next stage of the work has begun.
      if (!started || done < last) started = { time: now, done };
      last = done;
      if (now - printed < LINE_INTERVAL || now === started.time) return;
      printed = now;
      const rate = (done - started.done) / (now - started.time);
      const left = rate > 0 ? `, ${Math.ceil((total - done) / rate)} s left` : '';
      console.error(`${done}/${total} ${unit}${note && ` | ${note}`}${left}`);
    },
    log: print,
    stop() {
      started = undefined;
    },
  };
}
