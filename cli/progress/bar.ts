/** @file Progress with rate and time left: a bar on a terminal, a line every ten seconds elsewhere. */
import { createRequire } from 'node:module';
import { duration, Rate } from './duration.js';
import type { Printer } from '../common/print.js';
import { visibleLine } from '../common/visible.js';

export interface ProgressBar {
  /** Sets how much is done. */
  update(done: number, total: number, note?: string): void;
  stop(): void;
}

/** Seconds between lines where standard error is not a terminal. */
const LINE_INTERVAL = 10;

/**
 * @param unit what is counted, such as `steps`
 * @param print where lines go, and what is printed while a bar is shown
 */
export function progressBar(unit: string, print: Printer): ProgressBar {
  const { quiet, logFormat } = print.options;
  return process.stderr.isTTY && !quiet && logFormat === 'text' ? terminalBar(unit, print) : lineProgress(unit, print);
}

function terminalBar(unit: string, print: Printer): ProgressBar {
  const format = `{bar} {percentage}% | {value}/{total} ${unit} | {note}`;
  // Loaded here, so that commands start sooner where no bar is drawn.
  const { SingleBar } = createRequire(import.meta.url)('cli-progress') as typeof import('cli-progress');
  const bar = new SingleBar({ format, barsize: 24, hideCursor: true, forceRedraw: true });
  const rate = new Rate();
  let running = false;
  return {
    update(done, total, note) {
      rate.note(done, performance.now() / 1000);
      const shown = { note: [note && visibleLine(note), pace(rate, done, total, unit)].filter(Boolean).join(' | ') };
      if (running) bar.setTotal(total);
      else bar.start(total, done, shown);
      running = true;
      print.beforeLine = () => process.stderr.write('\r\u001B[2K');
      bar.update(done, shown);
    },
    stop() {
      if (running) bar.stop();
      running = false;
      print.beforeLine = undefined;
    },
  };
}

function lineProgress(unit: string, print: Printer): ProgressBar {
  const rate = new Rate();
  let printed: number | undefined;
  return {
    update(done, total, note) {
      const now = performance.now() / 1000;
      rate.note(done, now);
      printed ??= now;
      if (now - printed < LINE_INTERVAL) return;
      printed = now;
      const { perSecond } = rate;
      const line = [`${done}/${total} ${unit}`, note, pace(rate, done, total, unit)].filter(Boolean).join(' | ');
      print.progress(line, { done, total, unit, ...(perSecond !== undefined && { perSecond }) });
    },
    stop() {
      printed = undefined;
    },
  };
}

/** Rate and time left, such as `12.5 pictures/s, 3 min 20 s left`. */
function pace(rate: Rate, done: number, total: number, unit: string): string {
  const { perSecond } = rate;
  if (perSecond === undefined) return '';
  const seconds = 1 / perSecond;
  const each = seconds < 60 ? `${seconds.toFixed(1)} s` : duration(seconds);
  const speed = perSecond >= 1 ? `${perSecond.toFixed(1)} ${unit}/s` : `${each} per ${unit.replace(/s$/, '')}`;
  return `${speed}, ${duration((total - done) / perSecond)} left`;
}
