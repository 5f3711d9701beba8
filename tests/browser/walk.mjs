// A caretaker's and a technician's way through the page of a real node, on a phone and on a wide screen. Selectors are
// of structure, so that wording and language are free. The last line says how many checks passed.
import { chromium } from 'playwright-core';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { get, start, until } from './neighbourhood.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? path.join(here, '../../target');
const programs = process.env.SYMBIOSE_PROGRAMS ?? path.join(target, 'release');
const pictures = path.join(target, 'browser');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const SCREENS = [
  { name: 'phone', width: 390, height: 844, locale: 'fr-BE', building: 'CAS-S1' },
  { name: 'desk', width: 1440, height: 900, locale: 'en-GB', building: 'CAS-S2' },
];

let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok  ${name}\n${String(error.stack ?? error).replace(/^/gm, '        ')}`);
  }
}

function expect(holds, otherwise) {
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

/** Collects what a visitor's console would complain about. */
function listen(page) {
  const complaints = [];
  const rejected = (url) => url.endsWith('/api/v1/session');
  page.on('console', (message) => {
    const expected = message.type() === 'error' && rejected(message.location().url) && message.text().includes('401');
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    const ended = request.failure()?.errorText === 'net::ERR_ABORTED';
    if (!ended) complaints.push(`request: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && !rejected(response.url())) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on('request', (request) => {
    const own = new URL(request.url()).origin === new URL(page.url()).origin || page.url() === 'about:blank';
    if (!own && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) complaints.push(`foreign: ${request.url()}`);
  });
  return complaints;
}

/** Pixels that a chart has drawn, in the chart with the most. */
const inkOfCharts = () =>
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

/** What makes a page wider than its screen, or null. */
const sticksOut = () => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return null;
  const ends = [...document.body.querySelectorAll('*')].map((it) => [it.getBoundingClientRect().right, it]);
  const [right, widest] = ends.reduce((far, it) => (it[0] >= far[0] ? it : far));
  return `${scrollWidth} px of ${clientWidth}; to ${Math.round(right)} px reaches ${widest.outerHTML.slice(0, 200)}`;
};

async function walk(browser, screen, net) {
  const node = net.nodes.find((it) => it.name === screen.building);
  const elevator = `${screen.building}-ELEVATOR_1`;
  const context = await browser.newContext({
    viewport: { width: screen.width, height: screen.height },
    locale: screen.locale,
    timezoneId: 'Europe/Brussels',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = listen(page);
  const step = (name, run) => check(`${screen.name}: ${name}`, run);
  const picture = (name) => page.screenshot({ path: path.join(pictures, `${screen.name}-${name}.png`), fullPage: true });
  const go = async (hash) => {
    const entry = page.locator(`nav a[href="${hash}"]`);
    if (await entry.isVisible()) {
      await entry.click();
    } else {
      await page.locator('nav a[href="#/more"]').click();
      await page.locator(`main a[href="${hash}"]`).click();
    }
    await page.waitForFunction((wanted) => location.hash === wanted, hash);
    await page.locator('h1').first().waitFor();
  };
  const isUsable = async (name) => {
    const wide = await page.evaluate(sticksOut);
    expect(wide === null, `${name} is wider than the screen: ${wide}`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }));
    expect(violations.length === 0, violations.map((it) => `${it.id}: ${it.nodes.map((n) => n.html).join('\n  ')}`).join('\n'));
  };

  await step('the door opens with the token only', async () => {
    await page.goto(`${node.http}/`);
    await page.locator('#token').fill('not the token');
    await page.locator('form button[type=submit]').click();
    await page.locator('#token[aria-invalid=true]').waitFor();
    await isUsable('the door');
    await picture('door');
    await page.locator('#token').fill(node.token);
    await page.locator('form button[type=submit]').click();
    await page.locator('nav').waitFor();
    expect((await page.locator('html').getAttribute('lang')) === screen.locale.slice(0, 2), 'the page speaks the language of the browser');
  });
  await step('the sites show the asset in alert', async () => {
    await page.locator(`a[href="#/assets/${elevator}"]`).waitFor();
    for (const asset of ['HVAC_1', 'CHILLER_1', 'ELEVATOR_1']) {
      await page.locator(`a[href="#/assets/${screen.building}-${asset}"]`).waitFor();
    }
    await page.locator(`a[href="#/assets/${elevator}"] svg.alert`).first().waitFor();
    await isUsable('the sites');
    await picture('sites');
  });
  await step('the curve of the motor is drawn, in every language and both themes', async () => {
    await page.locator(`a[href="#/assets/${elevator}"]`).click();
    await page.locator('canvas').first().waitFor();
    const drawn = () => page.waitForFunction(`(${inkOfCharts})() > 1000`);
    await drawn();
    await isUsable('the asset');
    await picture('asset');
    const open = async () => {
      if (!(await page.locator('#preferences').isVisible())) await page.locator('button[aria-controls=preferences]').click();
    };
    await open();
    for (const code of await page.locator('#language option').evaluateAll((options) => options.map((it) => it.value))) {
      await open();
      await page.locator('#language').selectOption(code);
      await page.locator(`html[lang=${code}]`).waitFor();
      await drawn();
    }
    for (const theme of ['dark', 'light']) {
      await open();
      await page.locator('#theme').selectOption(theme);
      await page.locator(`html[data-theme=${theme}]`).waitFor();
      await drawn();
      await isUsable(`the asset in ${theme}`);
    }
    await open();
    await page.locator('#language').selectOption(screen.locale.slice(0, 2));
    await page.keyboard.press('Escape');
  });
  await step('the alert is acknowledged', async () => {
    await go('#/alerts');
    const card = page.locator('article').filter({ hasText: elevator }).first();
    await card.locator('h2', { hasText: 'Surchauffe moteur ascenseur' }).waitFor();
    await isUsable('the alerts');
    await picture('alerts');
    await card.locator('button.primary').click();
    await until('the node knows it', 10_000, async () => {
      const { items } = await get(node, '/api/v1/alerts?status=ack');
      return items.some((alert) => alert.asset === elevator && alert.policy === 'R5');
    });
  });
  // By its id: the lift stays hot, so that another alert and work order may follow the one that is done.
  const isOpen = (it) => it.asset === elevator && it.status === 'open';
  const { id } = (await get(node, '/api/v1/workorders')).items.find(isOpen) ?? {};
  const ours = async () => (await get(node, '/api/v1/workorders')).items.find((order) => order.id === id);
  await step('the work order is started and done', async () => {
    await go('#/work');
    await page.locator(`article a[href="#/work/${id}"]`).first().click();
    await page.locator('canvas').first().waitFor();
    await isUsable('the work order');
    await page.locator('.act button.primary').click();
    await until('it is in progress', 15_000, async () => (await ours()).status === 'in_progress');
    await isUsable('the work orders');
    await picture('work');
    await page.locator('.act button.primary').click();
    await until('it is done and final', 15_000, async () => {
      const order = await ours();
      return order.status === 'done' && order.ledger;
    });
  });
  await step('the hive shows every neighbour', async () => {
    await go('#/hive');
    await until('every neighbour is named', 10_000, async () => {
      const text = await page.locator('main').innerText();
      return net.nodes.filter((it) => it !== node).every((it) => text.includes(it.name));
    });
    await isUsable('the hive');
    await picture('hive');
  });
  await step('the ledger leads to the block, the transaction and its proof', async () => {
    const { height, transaction } = (await ours()).ledger;
    await go('#/ledger');
    await isUsable('the ledger');
    await picture('ledger');
    await page.locator('#search').fill(String(height));
    await page.locator('form[role=search] button[type=submit]').click();
    await page.locator(`a[href="#/ledger/transactions/${transaction}"]`).click();
    await page.locator('section button.primary').click();
    await page.locator('dd ol li').first().or(page.locator('dd ol')).first().waitFor({ state: 'attached' });
    await isUsable('the transaction');
    await picture('transaction');
    await page.goBack();
    await page.locator(`a[href="#/ledger/transactions/${transaction}"]`).waitFor();
    await isUsable('the block');
    await picture('block');
  });
  await step('a reload stays signed in, signing out does not', async () => {
    await page.reload();
    await page.locator('nav').waitFor();
    await page.locator('button[aria-controls=preferences]').click();
    await page.locator('#preferences button.button').click();
    await page.locator('#token').waitFor();
    await page.reload();
    await page.locator('#token').waitFor();
  });
  await step('the console had nothing to complain about', () =>
    expect(complaints.length === 0, [...new Set(complaints)].join('\n')),
  );
  await context.close();
}

async function main() {
  mkdirSync(pictures, { recursive: true });
  const executablePath = findBrowser();
  const net = await start(programs, path.join(pictures, 'net'), ['--buildings', '5', '--authorities', '4', '--speed', '10']);
  let browser;
  try {
    for (const { building } of SCREENS) net.tell('drift', `${building}-ELEVATOR_1`, 'motor_temp');
    browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    for (const screen of SCREENS) {
      const node = net.nodes.find((it) => it.name === screen.building);
      await until(`${screen.building} has its work order on the ledger`, 60_000, async () => {
        const { items } = await get(node, '/api/v1/workorders');
        return items.some((order) => order.asset === `${screen.building}-ELEVATOR_1` && order.ledger);
      });
      await walk(browser, screen, net);
    }
  } finally {
    await browser?.close();
    await net.stop();
  }
}

await check('a neighbourhood and a browser start', main);
console.log(`browser: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
