// A roof's sun on a street: building A sells to B and D, each of the three sees the same price and energy on a phone and
// works the slot out in its own browser; the month closes, and what stands on the sheet is what the file says.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { get, start, until } from './neighbourhood.mjs';
import { check, expect, isUsable, pictures, programs, visit } from './visitor.mjs';

/** Hive seconds per second: a slot in about one. */
const SPEED = 900;
/** 2016-01-31T13:00Z in slots since 2015-12-31T23:00Z: eleven hours before the month is over. */
const FIRST = 30 * 96 + 56;
const SLOTS = 96;
const SUNNY = 16;
/** Wh of a sunny slot: what A has left is what B and D need, so that all of it is shared. */
const [A_LOAD, A_SUN, B_LOAD, D_LOAD] = [50, 650, 400, 200];

function street() {
  const lines = ['slot,B01_load_wh,B01_pv_wh,B02_load_wh,B03_load_wh,B04_load_wh,B05_load_wh'];
  for (let n = 0; n < SLOTS; n += 1) lines.push([FIRST + n, A_LOAD, n < SUNNY ? A_SUN : 0, B_LOAD, 0, D_LOAD, 0].join(','));
  const file = path.join(pictures, 'street.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const MONTH = '2016-01';
const whole = (from, to) => `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}&limit=1000`;
const results = async (node) => (await get(node, `/api/v1/energy/results?${whole('2016-01-31T00:00:00Z', '2016-02-01T00:00:00Z')}`)).items;

/** The first slot of which all three know their part. */
async function shared(nodes) {
  const all = await Promise.all(nodes.map(results));
  for (const sold of all[0].filter((one) => one.own?.sold_wh > 0 && one.version > 0)) {
    const parts = all.map((items) => items.find((one) => one.id === sold.id));
    if (parts.every((one) => one?.own && !one.own.doubt && one.height === sold.height) && parts.slice(1).every((one) => one.own.bought_wh > 0)) return parts;
  }
  return null;
}

export async function trade(browser) {
  const net = await start(programs, path.join(pictures, 'street'), ['--buildings', '5', '--authorities', '4', '--speed', String(SPEED), '--replay', street()]);
  try {
    const three = [0, 1, 3].map((at) => net.nodes[at]);
    const step = (name, run) => check(`street: ${name}`, run);
    const parts = await until('A sells to B and D', 45_000, () => shared(three));
    const [sold, ...bought] = parts.map((one) => one.own);
    await step('energy sold is energy bought, at one price', () => {
      expect(bought.reduce((sum, own) => sum + own.bought_wh, 0) === sold.sold_wh, JSON.stringify(parts.map((one) => one.own)));
      expect(bought.reduce((sum, own) => sum + own.pay, 0) === sold.revenue, 'what is paid is what is earned');
      expect(new Set(parts.map((one) => one.price)).size === 1 && parts[0].price > 0, 'one price');
      return `${sold.sold_wh} Wh at ${parts[0].price} µEUR/kWh`;
    });
    const told = new Set();
    for (const [at, node] of three.entries()) {
      await step(`${node.name} sees it and works it out on a phone`, async () => {
        const phone = await visit(browser, node, { width: 390, height: 844, locale: 'en-GB', touch: true });
        await phone.page.goto(`${node.http}/#/energy/results/${parts[at].id}`);
        const facts = phone.page.locator('section[aria-labelledby=slot] dd');
        await facts.first().waitFor();
        const texts = (await facts.allInnerTexts()).map((text) => text.replace(/[^\x20-\x7e€]/g, ''));
        told.add(texts[0]);
        const own = parts[at].own;
        const kwh = new Intl.NumberFormat('en', { maximumFractionDigits: 2 }).format((at === 0 ? own.sold_wh : own.bought_wh) / 1000);
        expect(texts.some((text) => text.replace(/\s/g, '').startsWith(`${kwh}kWh`)), `${kwh} kWh among ${texts.join(' | ')}`);
        await phone.page.locator('section[aria-labelledby=slot] button.primary').click();
        await phone.page.locator('.verdict').waitFor();
        const steps = phone.page.locator('section[aria-labelledby=slot] ol li');
        expect((await phone.page.locator('.verdict.bad').count()) === 0, (await steps.allInnerTexts()).join('\n'));
        expect((await steps.count()) === 6 && (await phone.page.locator('section[aria-labelledby=slot] ol li.held').count()) === 6, (await steps.allInnerTexts()).join('\n'));
        await isUsable(phone.page, `a slot of ${node.name}`);
        await phone.picture(`street-${node.name}`);
        expect(phone.complaints.length === 0, [...new Set(phone.complaints)].join('\n'));
        await phone.context.close();
      });
    }
    await step('all three read the same price', () => expect(told.size === 1, [...told].join(' | ')));
    await step('the month closes, and its sheet says what the file says', async () => {
      const node = three[0];
      await until('members look at the month', 60_000, async () => (await get(node, '/api/v1/energy/sharing')).periods.some((one) => one.id === '1' && one.stage === 'preview'));
      const desk = await visit(browser, node, { width: 1440, height: 900, locale: 'en-GB', zone: 'UTC' });
      await desk.page.goto(`${node.http}/#/energy/periods`);
      await desk.page.locator('section[aria-labelledby=periods] li').first().waitFor();
      expect((await desk.page.locator('section[aria-labelledby=periods] li').count()) === 2, 'the month that is over, and the one that has begun');
      await isUsable(desk.page, 'periods');
      await desk.page.goto(`${node.http}/#/energy/month/${MONTH}`);
      await desk.page.locator('tr.total').waitFor();
      const { sums } = await get(node, `/api/v1/energy/statements/${MONTH}?tz=UTC`);
      const all = (await results(node)).filter((one) => one.own && !one.own.doubt);
      expect(sums.sold.energy_wh === all.reduce((sum, one) => sum + one.own.sold_wh, 0) && sums.sold.energy_wh > 0, `the sheet says ${sums.sold.energy_wh} Wh`);
      expect(sums.total < sums.alone, 'sharing lowers the bill');
      await isUsable(desk.page, 'the month');
      await desk.picture('street-month');
      const link = await desk.page.locator('a[download][href*="/csv"]').getAttribute('href');
      const text = await (await desk.context.request.get(`${node.http}${link}`)).text();
      expect(text.includes(`sold_to_neighbours,${sums.sold.energy_wh},${-sums.sold.amount}`), text);
      expect(desk.complaints.length === 0, [...new Set(desk.complaints)].join('\n'));
      await desk.context.close();
    });
  } finally {
    await net.stop();
  }
}
