// A roof's sun on a street: building A sells to B and D, each of the three sees the same price and energy on a phone and
// works the slot out in its own browser. The month ends, is shown and becomes final; a figure that was held back is let pass
// after that, and a credit note of the next month makes it good with all three.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { get, send, start, until } from './neighbourhood.mjs';
import { check, expect, isUsable, pictures, programs, visit } from './visitor.mjs';

/** Hive seconds per second: a slot in about one. */
const SPEED = 900;
/** 2016-01-31T18:00Z in slots since 2015-12-31T23:00Z: six hours before the month is over. */
const FIRST = 30 * 96 + 76;
const SLOTS = 56;
const SUNNY = 22;
/** Wh of a sunny slot: what A has left is what B and D need, so that all of it is shared. */
const [A_LOAD, A_SUN, B_LOAD, D_LOAD] = [500, 6_500, 4_000, 2_000];
/** In this slot D takes more than its connection is said to carry. */
const HELD = { at: 17, load: 4_000 };
const CONNECTION_W = 9_000;

function street() {
  const lines = ['slot,B01_load_wh,B01_pv_wh,B02_load_wh,B03_load_wh,B04_load_wh,B05_load_wh'];
  for (let n = 0; n < SLOTS; n += 1) lines.push([FIRST + n, A_LOAD, n < SUNNY ? A_SUN : 0, B_LOAD, 0, n === HELD.at ? HELD.load : D_LOAD, 0].join(','));
  const file = path.join(pictures, 'street.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

const MONTH = '2016-01';
const whole = (from, to) => `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}&limit=1000`;
/** Id of the slot that is held back: its number since 1970. */
const HELD_ID = String(1_451_602_800_000 / 900_000 + FIRST + HELD.at);
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

/** The month that has ended, as the hive has it. */
const january = async (node) => (await get(node, '/api/v1/energy/sharing')).periods.find((one) => one.id === '1');
const isStage = (node, stage) => until(`January is ${stage}`, 60_000, async () => (await january(node))?.stage === stage);

/** A phone of a neighbour. */
const phoneOf = (browser, node, locale = 'en-GB') => visit(browser, node, { width: 390, height: 844, locale, touch: true, zone: 'UTC' });

/** The sheet of a month, read by whoever stands before it. */
async function sheet(visitor, node, month) {
  await visitor.page.goto(`${node.http}/#/energy/month/${month}`);
  await visitor.page.locator('section[aria-labelledby=month] tr.total').waitFor();
  return visitor.page.locator('section[aria-labelledby=month]');
}

/** The file that a sheet or a table offers, as rows. */
async function file(visitor, node) {
  const link = await visitor.page.locator('a[download][href*="/csv"]').getAttribute('href');
  const text = await (await visitor.context.request.get(`${node.http}${link}`)).text();
  return text.trim().split('\r\n').map((line) => line.split(','));
}

/** Nobody complained, nothing is wider than the screen. */
async function leave(visitor, name) {
  await isUsable(visitor.page, name);
  expect(visitor.complaints.length === 0, [...new Set(visitor.complaints)].join('\n'));
  await visitor.context.close();
}

/** The first half: energy is sold, and three phones check it. */
async function sell(browser, three, step) {
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
      const phone = await phoneOf(browser, node);
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
      await phone.picture(`street-${node.name}`);
      await leave(phone, `a slot of ${node.name}`);
    });
  }
  await step('all three read the same price', () => expect(told.size === 1, [...told].join(' | ')));
}

/** The month ends: members look at it, on a phone and as a file. */
async function show(browser, node) {
  await isStage(node, 'preview');
  const phone = await phoneOf(browser, node);
  const page = await sheet(phone, node, MONTH);
  await page.locator('.stage').waitFor();
  const { sums } = await get(node, `/api/v1/energy/statements/${MONTH}?tz=UTC`);
  const all = (await results(node)).filter((one) => one.own && !one.own.doubt);
  expect(sums.sold.energy_wh === all.reduce((sum, one) => sum + one.own.sold_wh, 0) && sums.sold.energy_wh > 0, `the sheet says ${sums.sold.energy_wh} Wh`);
  expect(sums.total < sums.alone, 'sharing lowers the bill');
  const rows = await file(phone, node);
  expect(rows.some((row) => row.join() === `sold_to_neighbours,${sums.sold.energy_wh},${-sums.sold.amount}`), rows.join('\n'));
  await phone.picture('street-month-preview');
  await leave(phone, 'the month that is shown');
}

/** An operator lets pass what was held back, with a reason, long after. */
async function release(browser, node) {
  const phone = await phoneOf(browser, node, 'fr-BE');
  phone.page.on('dialog', (dialog) => dialog.accept());
  await phone.page.goto(`${node.http}/#/energy/meters`);
  await phone.page.locator('#why').fill('Un four de location, le 31');
  await phone.picture('street-held');
  await phone.page.locator('form[aria-labelledby=release] button[type=submit]').click();
  await phone.page.locator('section[aria-labelledby=released] li').first().waitFor();
  await leave(phone, 'what was held back');
}

const creditOf = async (node) => (await get(node, '/api/v1/energy/statements/2016-02?tz=UTC')).credit_notes[0];

/** Every neighbour finds its part of the note on the sheet of February, checked; January stays as it was. */
async function credited(browser, three, before) {
  const notes = await until('every neighbour has checked the note', 60_000, async () => {
    const found = await Promise.all(three.map(creditOf));
    return found.every((note) => note?.check === 'checked') && found;
  });
  const sum = (of) => notes.reduce((total, note) => total + of(note), 0);
  expect(notes[2].bought_wh > 0 && notes[1].bought_wh < 0, `D gets what B had too much of: ${JSON.stringify(notes)}`);
  expect(sum((note) => note.bought_wh) === sum((note) => note.sold_wh) && sum((note) => note.balance) === 0, JSON.stringify(notes));
  for (const [at, node] of three.entries()) {
    const phone = await phoneOf(browser, node, ['en-GB', 'nl-BE', 'ar-MA'][at]);
    const page = await sheet(phone, node, '2016-02');
    const [note, known] = [notes[at], await get(node, '/api/v1/energy/statements/2016-02?tz=UTC')];
    expect((await page.locator('section[aria-labelledby=notes] li').count()) === 1, 'a note on the sheet');
    expect(known.credited === note.fee - note.balance && known.cents * 10_000 + known.carried_out === known.credited + known.carried_in + known.sums.bought.amount - known.sums.sold.amount + known.sums.fee, 'it counts in what is paid');
    const rows = await file(phone, node);
    expect(rows.some((row) => row.join() === `credit_note_1_of_period_1,${note.bought_wh - note.sold_wh},${note.fee - note.balance}`), rows.join('\n'));
    await phone.picture(`street-credit-${node.name}`);
    await phone.page.emulateMedia({ media: 'print' });
    expect((await phone.page.pdf({ preferCSSPageSize: true })).length > 5_000, 'a sheet comes out');
    await phone.page.emulateMedia({ media: null });
    await sheet(phone, node, MONTH);
    const { sums } = await get(node, `/api/v1/energy/statements/${MONTH}?tz=UTC`);
    const final = ({ bought, sold, fee }) => JSON.stringify({ bought, sold, fee });
    expect(final(sums) === final(before[at].sums), `what was final stays: ${final(sums)}`);
    expect(sums.doubtful === 0, 'what was left out is made good, and in doubt no more');
    await phone.picture(`street-final-${node.name}`);
    await leave(phone, `the corrected month of ${node.name}`);
  }
}

/** What an operator takes to its accounts: every line of weeks and notes, even in itself. */
async function exported(browser, node) {
  const desk = await visit(browser, node, { width: 1280, height: 800, locale: 'en-GB', zone: 'UTC' });
  await desk.page.goto(`${node.http}/#/energy/periods`);
  await desk.page.locator('section[aria-labelledby=periods] li').first().waitFor();
  expect((await desk.page.locator('section[aria-labelledby=periods] li').count()) === 2, 'the month that is over, and the one that has begun');
  const [head, ...rows] = await file(desk, node);
  const column = (name) => head.indexOf(name);
  const kinds = new Set(rows.map((row) => row[column('kind')]));
  expect(kinds.has('week') && kinds.has('credit_note'), [...kinds].join());
  for (const kind of kinds) {
    const sum = (name) => rows.filter((row) => row[column('kind')] === kind).reduce((total, row) => total + Number(row[column(name)]), 0);
    expect(sum('bought_wh') === sum('sold_wh') && sum('balance_micro_eur') === 0, `lines of each ${kind} come out even`);
  }
  await desk.picture('street-periods');
  await leave(desk, 'periods');
}

export async function trade(browser) {
  const net = await start(programs, path.join(pictures, 'street'), ['--buildings', '5', '--authorities', '4', '--speed', String(SPEED), '--replay', street()]);
  try {
    const three = [0, 1, 3].map((at) => net.nodes[at]);
    const step = (name, run) => check(`street: ${name}`, run);
    await step('D says what its connection carries', async () => void (await send(three[2], 'PUT', '/api/v1/energy/meters', { meters: null, limits: { connection_w: CONNECTION_W, pv_wp: null, storage_w: null } })));
    await sell(browser, three, step);
    await step('a figure beyond the connection is settled without', async () => {
      const found = await until('the slot is settled', 30_000, async () => (await results(three[0])).find((one) => one.id === HELD_ID && one.own));
      expect(found.missing.includes((await get(three[2], '/api/v1/energy/sharing')).member), JSON.stringify(found));
    });
    await step('the month ends and is shown: its sheet says what the file says', () => show(browser, three[0]));
    await step('its week is booked', async () => {
      await until('a booking', 60_000, async () => (await get(three[0], '/api/v1/energy/bookings')).items.some((one) => one.week));
    });
    net.tell('leap', '10d');
    await step('ten days later it is final', async () => void (await isStage(three[0], 'final')));
    const before = await Promise.all(three.map((node) => get(node, `/api/v1/energy/statements/${MONTH}?tz=UTC`)));
    await step('an operator lets pass what was held back', () => release(browser, three[2]));
    await step('a credit note of the next month makes it good with all three', () => credited(browser, three, before));
    await step('the operator takes weeks and notes to the accounts', () => exported(browser, three[1]));
  } finally {
    await net.stop();
  }
}
