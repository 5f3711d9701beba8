// Somebody before a browser: opens pages of a node, hears what the console complains about, and asks what a designer and
// a screen reader would ask of every page. Counts what held.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
export const target = process.env.CARGO_TARGET_DIR ?? path.join(here, '../../target');
export const programs = process.env.SYMBIOSE_PROGRAMS ?? path.join(target, 'release');
export const pictures = path.join(target, 'browser');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const tally = { passed: 0, failed: 0 };

/** Runs one check and says how it went; the ones after it still run. */
export async function check(name, run) {
  try {
    const said = await run();
    tally.passed += 1;
    console.log(`ok      ${name}${said ? `: ${said}` : ''}`);
  } catch (error) {
    tally.failed += 1;
    console.log(`not ok  ${name}\n${String(error.stack ?? error).replace(/^/gm, '        ')}`);
  }
}

export function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

function findBrowser() {
  const names = [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  for (const name of names.filter(Boolean)) {
    try {
      const found = execFileSync('/bin/sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim();
      if (existsSync(found)) return found;
    } catch {
      // The next name.
    }
  }
  throw new Error('no Chromium on this machine; CHROMIUM=<path> names one');
}

export function launch() {
  mkdirSync(pictures, { recursive: true });
  return chromium.launch({ executablePath: findBrowser(), args: ARGUMENTS });
}

/** Collects what a visitor's console would complain about. */
export function listen(page) {
  const complaints = [];
  const rejected = (url) => url.endsWith('/api/v1/session');
  // A text that is not at this node; the page says so where it would stand.
  const absent = (url) => url.includes('/api/v1/documents/');
  page.on('console', (message) => {
    const { url } = message.location();
    const told = (rejected(url) && message.text().includes('401')) || (absent(url) && message.text().includes('404'));
    const expected = message.type() === 'error' && told;
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    const ended = request.failure()?.errorText === 'net::ERR_ABORTED';
    if (!ended) complaints.push(`request: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('response', (response) => {
    const told = rejected(response.url()) || (absent(response.url()) && response.status() === 404);
    if (response.status() >= 400 && !told) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on('request', (request) => {
    const own = new URL(request.url()).origin === new URL(page.url()).origin || page.url() === 'about:blank';
    if (!own && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) complaints.push(`foreign: ${request.url()}`);
  });
  return complaints;
}

/** Pixels that a chart has drawn, in the chart with the most. */
export const inkOfCharts = () =>
  Math.max(
    0,
    ...[...document.querySelectorAll('canvas')].map((canvas) => {
      if (canvas.width * canvas.height === 0) return 0;
      // Out of a copy: reading the chart's own canvas twice is worth a warning to the console.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, index) => index % 4 === 3 && value > 0).length;
    }),
  );

/** Resolves when a chart shows something. */
export async function drawn(page) {
  const deadline = Date.now() + 15_000;
  while ((await page.evaluate(inkOfCharts)) <= 1000) {
    expect(Date.now() < deadline, 'no chart has drawn anything within 15 s');
    await page.waitForTimeout(50);
  }
}

/** What makes a page wider than its screen, or null. */
const sticksOut = () => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return null;
  const ends = [...document.body.querySelectorAll('*')].map((it) => [it.getBoundingClientRect().right, it]);
  const [right, widest] = ends.reduce((far, it) => (it[0] >= far[0] ? it : far));
  return `${scrollWidth} px of ${clientWidth}; to ${Math.round(right)} px reaches ${widest.outerHTML.slice(0, 200)}`;
};

/** Asks what WCAG 2.2 A and AA can be asked by machine, and whether the page fits its screen. */
export async function isUsable(page, name) {
  const wide = await page.evaluate(sticksOut);
  expect(wide === null, `${name} is wider than the screen: ${wide}`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  expect(violations.length === 0, violations.map((it) => `${name}: ${it.id}: ${it.nodes.map((n) => n.html).join('\n  ')}`).join('\n'));
}

/** A browser of its own for one person, signed in with the token as a script would, so that the door is another story. */
export async function visit(browser, node, { width, height, locale, theme = 'light', touch = false, remember = {}, zone = 'Europe/Brussels' }) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale,
    timezoneId: zone,
    reducedMotion: 'reduce',
    colorScheme: theme,
    hasTouch: touch,
    isMobile: false,
  });
  await context.addInitScript((kept) => Object.entries(kept).forEach(([key, value]) => localStorage.getItem(key) ?? localStorage.setItem(key, value)), remember);
  const signedIn = await context.request.post(`${node.http}/api/v1/session`, { data: { token: node.token }, headers: { origin: node.http } });
  expect(signedIn.ok(), `sign-in: ${signedIn.status()}`);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = listen(page);
  await page.goto(`${node.http}/`);
  await page.locator('nav').waitFor();
  const go = async (hash) => {
    const entry = page.locator(`nav a[href="${hash}"]`).first();
    if (await entry.isVisible()) {
      await entry.click();
    } else {
      await page.locator('nav a[href="#/more"]').click();
      await page.locator(`main a[href="${hash}"]`).click();
    }
    await page.waitForFunction((wanted) => location.hash === wanted, hash);
    await page.locator('h1').first().waitFor();
  };
  const picture = (name, whole = true) => page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: whole });
  return { context, page, complaints, go, picture };
}
