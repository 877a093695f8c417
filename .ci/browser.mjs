// Whether the browser that the tests would take starts: exit code 1 if it is installed and does not.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

// As the tests look for it.
const path = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (each) => each !== undefined && existsSync(each),
);
if (path === undefined) {
  console.log('Chromium is not installed; the tests of the page are skipped');
} else {
  const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  await page.goto('data:text/html,<title>started</title>');
  if ((await page.title()) !== 'started') throw new Error(`${path}: started, but shows no page`);
  console.log(`${path} ${browser.version()} starts`);
  await browser.close();
}
