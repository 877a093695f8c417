import { describe, expect, it } from 'vitest';
import { manPage } from './man-page.js';

describe('manPage(command, help, …)', () => {
  const help = [
    'gan-draw FILE [options]',
    '',
    'Draws a file\\path.',
    '',
    'Options:',
    '  --help  Show help                  [boolean]',
    '  --out   Where to draw  [string] [default: "out"]',
    '',
    'Examples:',
    '  gan-draw a.png  draws it',
    '',
    'Targets',
    '  real, fake   the score',
    '  others: a, b',
  ];
  const page = manPage('gan-draw', `${help.join('\n')}\n`, 'draws', '1.2.3').split('\n');

  it('has a title, a name and a synopsis', () => {
    expect(page.slice(0, 5)).toEqual([
      '.TH GAN-DRAW 1 "" "ganscope 1.2.3" "User Commands"',
      '.SH NAME',
      String.raw`gan-draw \- draws`,
      '.SH SYNOPSIS',
      String.raw`gan\-draw FILE [options]`,
    ]);
    expect(page).toContain(String.raw`Draws a file\epath.`);
  });

  it('lists entries under their sections', () => {
    const headings = page.filter((line) => line.startsWith('.SH')).slice(3);
    expect(headings).toEqual(['.SH OPTIONS', '.SH EXAMPLES', '.SH TARGETS']);
    const at = page.indexOf(String.raw`.B \-\-out`);
    expect(page.slice(at - 1, at + 2)).toEqual([
      '.TP',
      String.raw`.B \-\-out`,
      'Where to draw [string] [default: "out"]',
    ]);
    expect(page.slice(-4)).toEqual(['the score', '.PP', 'others: a, b', '']);
  });
});
