import { describe, expect, it } from 'vitest';
import { Printer, type PrintOptions } from './print.js';

/** What a printer writes to its two streams. */
function printed(options: Partial<PrintOptions>, use: (print: Printer) => void, colours = false): [string, string] {
  const written: [string, string] = ['', ''];
  const stream = (at: 0 | 1) => ({
    write: (text: string | Uint8Array) => {
      written[at] += String(text);
      return true;
    },
    hasColors: () => colours,
  });
  use(new Printer('gan-x', { quiet: false, verbose: false, logFormat: 'text', ...options }, stream(0), stream(1)));
  return written;
}

const everything = (print: Printer) => {
  print.data('result');
  print.info('happens');
  print.detail('detail');
  print.progress('1/2');
  print.warn('careful');
  print.error('wrong');
};

describe('Printer', () => {
  it('sends results and messages to standard output, the rest to standard error', () => {
    expect(printed({}, everything)).toEqual(['result\nhappens\n', '1/2\nWarning: careful\ngan-x: wrong\n']);
  });

  it('prints details with --verbose, and only results, warnings and errors with --quiet', () => {
    expect(printed({ verbose: true }, everything)[0]).toBe('result\nhappens\ndetail\n');
    expect(printed({ quiet: true }, everything)).toEqual(['result\n', 'Warning: careful\ngan-x: wrong\n']);
  });

  it('leaves standard output to data after dataOnly()', () => {
    const [out, err] = printed({}, (print) => {
      print.dataOnly();
      everything(print);
    });
    expect([out, err.split('\n')[0]]).toEqual(['result\n', 'happens']);
  });

  it('prints messages as lines of JSON with --log-format json, with their numbers', () => {
    const [out] = printed({ logFormat: 'json' }, (print) => print.info('step\n1', { lossD: 0.5 }));
    expect(JSON.parse(out)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      level: 'info',
      command: 'gan-x',
      message: 'step\n1',
      lossD: 0.5,
    });
    expect(out.trimEnd()).not.toContain('\n');
  });

  it('prints results in words as a line of JSON too, unless standard output is for data', () => {
    const show = (print: Printer) => print.result('KID: 0.2\n  of 50\n', { kid: 0.2 });
    expect(printed({ quiet: true }, show)).toEqual(['KID: 0.2\n  of 50\n', '']);
    const [out] = printed({ logFormat: 'json', quiet: true }, show);
    expect(JSON.parse(out)).toMatchObject({ level: 'result', message: 'KID: 0.2\n  of 50', kid: 0.2 });
    expect(out.trimEnd()).not.toContain('\n');
  });

  it('colours warnings and errors where the stream has colours', () => {
    expect(printed({}, (print) => print.warn('careful'), true)[1]).toBe('\u001B[33mWarning: careful\u001B[39m\n');
  });

  it('writes control characters of names as escapes, and a name never makes a second line', () => {
    const name = 'a\u001B[2Jb\u0007\u009B1m\u202Egpj.png';
    expect(printed({}, (print) => print.info(name))[0]).toBe('a\\u001b[2Jb\\u0007\\u009b1m\\u202egpj.png\n');
    expect(printed({}, (print) => print.warn('x\ngan-x: all is well'))[1]).toBe('Warning: x\\ngan-x: all is well\n');
    expect(printed({}, (print) => print.data(`one\n${name}`))[0]).toBe(
      'one\na\\u001b[2Jb\\u0007\\u009b1m\\u202egpj.png\n',
    );
    expect(printed({ logFormat: 'json' }, (print) => print.info(name))[0]).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it('cuts a line that nobody could read', () => {
    expect(printed({}, (print) => print.info('x'.repeat(2 ** 20)))[0].length).toBeLessThan(11_000);
  });
});
