// A caretaker's and a technician's way through the page of a real node, on a phone and on a wide screen. Selectors are
// of structure, so that wording and language are free. The last line says how many checks passed.
import path from 'node:path';
import { assembly } from './assembly.mjs';
import { decide } from './decide.mjs';
import { caretaker } from './caretaker.mjs';
import { day } from './day.mjs';
import { energy } from './energy.mjs';
import { figures } from './figures.mjs';
import { intruder } from './intruder.mjs';
import { get, start, until } from './neighbourhood.mjs';
import { neighbours } from './neighbours.mjs';
import { trade } from './street.mjs';
import { technician } from './technician.mjs';
import { check, drawn as isDrawn, expect, isUsable as looksUsable, launch, listen, pictures, programs, tally } from './visitor.mjs';

const SCREENS = [
  { name: 'phone', width: 390, height: 844, locale: 'fr-BE', building: 'CAS-S1' },
  { name: 'desk', width: 1440, height: 900, locale: 'en-GB', building: 'CAS-S2' },
];

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
  const isUsable = (name) => looksUsable(page, name);

  await step('the door opens with the token only', async () => {
    await page.goto(`${node.http}/`);
    const secret = page.locator('form input[autocomplete=current-password]');
    await page.locator('form input').first().waitFor();
    // A node with accounts offers name and code first, and the token last.
    if (!(await secret.isVisible()) || (await page.locator('#name').isVisible())) await page.locator('.ways button').last().click();
    await secret.fill('not the token');
    await page.locator('form button[type=submit]').click();
    await page.locator('input[aria-invalid=true]').waitFor();
    await isUsable('the door');
    await picture('door');
    await secret.fill(node.token);
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
    const drawn = () => isDrawn(page);
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
  // By its id: the lift stays hot, so that another alert and work order may follow the one that is done. The alert's own,
  // with its curve: a decision of the assembly may have opened another for the same lift.
  const isOpen = (it) => it.asset === elevator && it.status === 'open' && it.alert;
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
  await step('an invitation is shown once, listed and taken back', async () => {
    await page.locator('section[aria-labelledby=invite] > button').click();
    const first = page.locator('section[aria-labelledby=invite] li').first();
    await first.locator('button').waitFor();
    await isUsable('an invitation');
    await picture('invitation');
    await first.locator('button').click();
    await first.locator('button').waitFor({ state: 'detached' });
    const all = await get(node, '/api/v1/invitations?limit=1000');
    expect(all.items.every((one) => one.status !== 'open'), 'no invitation is left open');
  });
  await step('the ledger leads to the block, the transaction and its proof', async () => {
    const { height, transaction } = (await ours()).ledger;
    await go('#/ledger');
    await isUsable('the ledger');
    await picture('ledger');
    await page.locator('#search').fill(String(height));
    await page.locator('form[role=search] button[type=submit]').click();
    await page.locator(`a[href="#/ledger/transactions/${transaction}"]`).click();
    await page.locator('section .acts button').click();
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
    await page.locator('form.card').waitFor();
    await page.reload();
    await page.locator('form.card').waitFor();
  });
  await step('the console had nothing to complain about', () =>
    expect(complaints.length === 0, [...new Set(complaints)].join('\n')),
  );
  await context.close();
}

async function main() {
  const browser = await launch();
  const chosen = process.argv.slice(2);
  if (chosen.length === 0 || chosen.includes('street')) {
    await check('street', () => trade(browser));
    if (chosen.length === 1) return browser.close();
  }
  // It takes three minutes, so it is walked only when it is asked for.
  if (chosen.includes('day')) {
    await check('the day in 2030', () => day(browser));
    if (chosen.length === 1) return browser.close();
  }
  const flags = ['--buildings', '5', '--authorities', '4', '--speed', '10'];
  const net = await start(programs, path.join(pictures, 'net'), flags).catch(async (error) => {
    await browser.close();
    throw error;
  });
  const stories = [
    ['assembly', 'CAS-S2', () => assembly(browser, net, 'CAS-S2')],
    ['decide', 'CAS-S3', () => decide(browser, net, ['CAS-S3', 'CAS-S4'])],
    ['walk', 'CAS-S1', () => walk(browser, SCREENS[0], net)],
    ['walk', 'CAS-S2', () => walk(browser, SCREENS[1], net)],
    ['caretaker', 'CAS-S3', () => caretaker(browser, net, 'CAS-S3')],
    ['technician', 'CAS-S4', () => technician(browser, net, 'CAS-S4', 'fr-BE')],
    ['technician', 'CAS-S5', () => technician(browser, net, 'CAS-S5', 'ar-MA')],
    ['energy', 'CAS-S1', () => energy(browser, net, 'CAS-S1')],
    ['neighbours', 'CAS-S1', () => neighbours(browser, net, ['CAS-S1', 'CAS-S4'])],
    ['figures', 'CAS-S3', () => figures(browser, net, 'CAS-S3')],
    ['intruder', 'CAS-S5', () => intruder(browser, net, 'CAS-S5')],
  ].filter(([name]) => chosen.length === 0 || chosen.includes(name));
  try {
    for (const building of new Set(stories.map((story) => story[1]))) net.tell('drift', `${building}-ELEVATOR_1`, 'motor_temp');
    for (const [name, building, tell] of stories) {
      const node = net.nodes.find((it) => it.name === building);
      await until(`${building} has its work order on the ledger`, 60_000, async () => {
        const { items } = await get(node, '/api/v1/workorders');
        return items.some((order) => order.asset === `${building}-ELEVATOR_1` && order.ledger);
      });
      await check(`${name} in ${building}`, tell);
    }
  } finally {
    await browser.close();
    await net.stop();
  }
}

await check('a neighbourhood and a browser start', main);
console.log(`browser: ${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
