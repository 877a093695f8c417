/** @file report.html: what it says of a run, and that it asks nobody for anything. */
import { describe, expect, it, test } from 'vitest';
import { configWith } from '../settings/presets.js';
import type { StepRow } from './plots.node.js';
import { reportContent, type RunSummary } from './content.node.js';
import { durationText } from './duration.js';
import { reportSettings } from './settings.js';
import { escaped, reportPage, type ReportFigure } from './page.js';

const row = { epoch: 0, lossD: 0.5, lossG: 2, dReal: 0.8, dFakeBefore: 0.4, dFakeAfter: 0.2, seconds: 0.25 };
const rows: StepRow[] = Array.from({ length: 20 }, (_, i) => ({ ...row, step: i + 1, lossG: i < 19 ? 2 : Number.NaN }));
const plot: ReportFigure = {
  title: 'Losses',
  caption: 'All',
  type: 'image/png',
  bytes: Uint8Array.of(1, 2),
  kind: 'plot',
};

const summary: RunSummary = {
  run: 'runs/<birds> & co',
  config: configWith('pokemon', { batchSize: 16, lr: 0.001 }),
  data: '3 pictures of <b>"birds"</b>',
  device: 'ONNX Runtime (cpu)',
  rows,
  quality: [],
  done: 20,
  steps: 5000,
  stepsPerEpoch: 8,
  figures: { samples: [], plots: [plot] },
};

describe('reportPage(content)', () => {
  const page = reportPage(reportContent(summary));

  it('escapes names that come from outside', () => {
    expect(page).toContain('<h1>&lt;birds&gt; &amp; co</h1>');
    expect(page).toContain('3 pictures of &lt;b&gt;&quot;birds&quot;&lt;/b&gt;');
    expect(page).not.toContain('<b>"birds');
  });

  it('asks for nothing: no scripts, no addresses, pictures inside', () => {
    expect(page).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<script|https?:|\burl\(|@import|<link|\bon\w+=/);
    expect(page).toContain('src="data:image/png;base64,AQI="');
  });

  it('says how far the run came, its speed and its losses', () => {
    expect(page).toContain('stopped after 20 of 5,000 steps');
    expect(page).toContain('<dt>Epochs</dt><dd>2.5</dd>');
    expect(page).toContain('<dt>Pictures per second</dt><dd>64.0</dd>');
    expect(page).toContain('<dt>Loss_D, last 20</dt><dd>0.500</dd>');
    expect(page).toContain('<dt>Loss_G, last 20</dt><dd>not a number</dd>');
    expect(page).toContain('<th scope="row">median</th><td>250.0</td><td>64.0</td>');
  });

  it('marks what differs from the preset', () => {
    expect(page).toContain('Preset pokemon: 4 differences, marked.');
    expect(page).toContain(
      '<th scope="row">--batch-size</th><td>16</td><td><span class="theirs">preset: </span>256</td>',
    );
    expect(page).toContain('<tr><th scope="row">--head</th><td>conv</td><td></td></tr>');
  });

  it('names the steps of the run where they are not those of its epochs', () => {
    expect(page).toContain('<tr class="changed"><th scope="row">--steps</th><td>5000</td>');
    expect(page).not.toContain('<th scope="row">--epochs</th>');
    const whole = { ...summary, done: 1600, steps: 1600, config: configWith('pokemon', { epochs: 200 }) };
    const complete = reportPage(reportContent(whole));
    expect(complete).toContain('preset pokemon: all 1,600 steps done.');
    expect(complete).not.toContain('--steps');
  });

  it('lists evaluations where there are some', () => {
    expect(page).not.toContain('<h2>Quality</h2>');
    const quality = [
      {
        step: 10,
        kid: 0.123456,
        kidStd: 0.01,
        subsets: 100,
        subsetSize: 100,
        real: 500,
        generated: 500,
        features: 'f.onnx:features',
        seconds: 1,
      },
    ];
    const evaluated = reportPage(reportContent({ ...summary, quality }));
    expect(evaluated).toContain(
      '<th scope="row">10</th><td>–</td><td>0.1235</td><td>0.010</td><td>500</td><td>500</td>',
    );
    expect(evaluated).toContain('Features: f.onnx:features');
  });
});

test('reportSettings(config) gives every setting by its flag, with the preset’s value where it differs', () => {
  const settings = reportSettings(configWith('space', { channels: 1 }));
  expect(settings.filter(({ preset }) => preset !== undefined)).toEqual([
    { name: '--channels', value: '1', preset: '3' },
    { name: '--normalization', value: '0.5/0.5', preset: '0.5,0.5,0.5/0.5,0.5,0.5' },
  ]);
  expect(settings.every(({ name }) => /^--[a-z0-9-]+$/.test(name))).toBe(true);
});

test.each([
  [0.04, '0.0 s'],
  [12.34, '12.3 s'],
  [200, '3 min 20 s'],
  [3845, '1 h 04 min'],
])('durationText(%f) is %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test('escaped(text) leaves nothing that HTML takes for markup', () => {
  expect(escaped(`<a href="x" b='y'>&amp;`)).toBe('&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;');
});
