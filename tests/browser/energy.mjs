// A neighbour looks at the building's energy: what flows, today's slots, the sums, the meters behind them; on a phone, on
// a desk, in the dark and from right to left. Every figure is held against what the node's API says.
import { get, send, until } from './neighbourhood.mjs';
import { check, expect, isUsable, visit } from './visitor.mjs';

// Somewhere it is noon now: there a morning of slots lies behind today, at whatever hour this is run.
const ahead = 12 - new Date().getUTCHours();
const ZONE = ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;

/** The day of the node's clock, as the page asks for it. */
async function day(node) {
  const { time } = await get(node, '/api/v1/energy');
  return `day=${time}&tz=${encodeURIComponent(ZONE)}`;
}

/** Whether part `i` of the page is drawn: bars with a height. */
const bars = (page, kind) =>
  page.locator(`figure svg[role=img] rect.${kind}`).evaluateAll((all) => all.filter((it) => Number(it.getAttribute('height')) > 0.5).length);

export async function energy(browser, net, building) {
  const node = net.nodes.find((it) => it.name === building);
  await until('slots are closed', 20_000, async () => (await get(node, `/api/v1/energy/slots?${await day(node)}`)).items.some((slot) => slot.import_wh > 0));

  const desk = await visit(browser, node, { zone: ZONE, width: 1440, height: 900, locale: 'en-GB' });
  const step = (name, run) => check(`energy: ${name}`, run);
  await step('the page shows what flows, and the figures of the API', async () => {
    await desk.go('#/energy');
    await desk.page.locator('figure svg[role=img]').waitFor();
    await until('the sums of page and API are the same', 10_000, async () => {
      const totals = await get(node, `/api/v1/energy/totals?${await day(node)}`);
      const shown = await desk.page.locator('section[aria-labelledby=day] .tiles dd').allInnerTexts();
      const kwh = (wh) => new Intl.NumberFormat('en', { maximumFractionDigits: wh >= 1_000_000 ? 0 : wh >= 100_000 ? 1 : 2 }).format(wh / 1000);
      const wanted = [totals.production_wh, totals.consumption_wh, totals.import_wh, totals.export_wh].map((wh) => `${kwh(wh)} kWh`);
      if (!wanted.every((text, at) => shown[at]?.replace(/\s/g, ' ') === text)) throw new Error(`${shown.slice(0, 4)} instead of ${wanted}`);
      return true;
    });
    expect((await bars(desk.page, 'taken')) > 10, 'bars of import');
    expect((await desk.page.locator('.both svg text.figure').count()) >= 2, 'power beside the drawing');
    await isUsable(desk.page, 'energy on a desk');
    await desk.picture('energy-desk');
  });
  await step('the table has every slot of the day, and the file too', async () => {
    await desk.page.locator('details summary').first().press('Enter');
    const rows = await desk.page.locator('details table tbody tr').count();
    const { items } = await get(node, `/api/v1/energy/slots?${await day(node)}&limit=1000`);
    expect(rows > 10 && rows >= items.length - 1 && rows <= items.length, `${rows} rows, ${items.length} slots`);
    const link = await desk.page.locator('a[download][href*="slots.csv"]').getAttribute('href');
    const text = await (await desk.context.request.get(`${node.http}${link}`)).text();
    expect(text.startsWith('start,end,import_wh') && text.trim().split('\r\n').length >= rows, 'the CSV');
  });
  await step('each meter answers to its test, by keyboard', async () => {
    await desk.go('#/energy/meters');
    await desk.page.locator('section[aria-labelledby=meters] li button').first().waitFor();
    const buttons = desk.page.locator('section[aria-labelledby=meters] li button');
    expect((await buttons.count()) >= 3, 'import, export and production have a button');
    await buttons.first().focus();
    await desk.page.keyboard.press('Enter');
    await desk.page.locator('section[aria-labelledby=meters] .verdict').first().waitFor();
    expect((await desk.page.locator('section[aria-labelledby=meters] .verdict.good').count()) === 1, 'the meter is said to work');
    await isUsable(desk.page, 'the meters');
  });
  await step('a day without slots says so', async () => {
    await desk.go('#/energy');
    await desk.page.locator('section[aria-labelledby=day] button').first().waitFor();
    for (let n = 0; n < 3; n += 1) await desk.page.locator('section[aria-labelledby=day] button').first().press('Enter');
    await desk.page.locator('section[aria-labelledby=day] .empty').waitFor();
    await isUsable(desk.page, 'an empty day');
  });
  await step('own rules are said, told in words, and kept', async () => {
    await desk.go('#/energy/rules');
    const least = desk.page.locator('#least');
    await least.fill('0.09');
    const sentences = desk.page.locator('section[aria-labelledby=meaning] li');
    expect((await sentences.allInnerTexts()).some((text) => text.includes('0.09')), 'the price in a sentence');
    await least.press('Enter');
    await until('the node keeps them', 10_000, async () => (await get(node, '/api/v1/energy/terms')).said.sell_at_least === 90_000);
    await isUsable(desk.page, 'own rules');
    await desk.picture('energy-rules');
    await desk.page.locator('form button[type=button]').last().press('Enter');
    await until('everything takes part again', 10_000, async () => (await get(node, '/api/v1/energy/terms')).said.sell_at_least === null);
  });
  await step('a tariff is proposed to the hive and stands among its decisions', async () => {
    await desk.go('#/energy/decisions');
    await desk.page.locator('#kind').selectOption('charge');
    await desk.page.locator('#retail').fill('0.31');
    await isUsable(desk.page, 'a proposal');
    await desk.page.locator('section[aria-labelledby=propose] button[type=submit]').press('Enter');
    await desk.page.locator('section[aria-labelledby=open] li.proposal').first().waitFor();
    await until('the proposal on the ledger with an approval', 10_000, async () => {
      const { items } = await get(node, '/api/v1/governance');
      const charged = items.find((one) => one.action.kind === 'energy' && one.action.what?.what === 'charge' && one.action.what.retail === 310_000);
      return charged && charged.approvals.length >= 1;
    });
    await desk.picture('energy-decisions');
  });
  await step('an organiser is voted for, and gives the parts of tomorrow', async () => {
    await desk.go('#/energy/decisions');
    const { member } = await get(node, '/api/v1/energy/sharing');
    await desk.page.locator('#kind').selectOption('share');
    await desk.page.locator('#rule').selectOption('full_dynamic');
    await desk.page.locator('#organiser').selectOption(member);
    await desk.page.locator('section[aria-labelledby=propose] button[type=submit]').press('Enter');
    const organised = async (at) => (await get(at, '/api/v1/governance')).items.find((one) => one.action.what?.rule?.rule === 'full_dynamic');
    const { id } = await until('the proposal on the ledger', 10_000, () => organised(node));
    for (const other of net.nodes.filter((it) => it.role === 'authority' && it !== node)) {
      await until('it is approved', 10_000, async () => (await organised(other))?.status === 'executed' || (await send(other, 'POST', `/api/v1/governance/${id}/approve`, {})));
    }
    await until('this building gives the parts', 10_000, async () => (await get(node, '/api/v1/energy/sharing')).gives != null);
    await desk.page.reload();
    const form = desk.page.locator('section[aria-labelledby=give]');
    await form.locator('input[type=number]').nth(1).fill('60');
    await form.locator('input[type=number]').nth(2).fill('50');
    await form.locator('.wrong').waitFor();
    expect(await form.locator('button[type=submit]').isDisabled(), 'nobody gives more than there is');
    await form.locator('input[type=number]').nth(2).fill('25.5');
    await isUsable(desk.page, 'the parts');
    await desk.picture('energy-parts');
    await form.locator('button[type=submit]').press('Enter');
    const ahead = await until('the parts on the ledger', 10_000, async () => (await get(node, '/api/v1/energy/sharing')).coefficients_ahead[0]);
    expect(ahead.parts.map((part) => part.weight).sort().join() === '2550,6000' && ahead.whole === 10_000, JSON.stringify(ahead));
    await desk.page.locator('section[aria-labelledby=inforce] details').first().waitFor();
    await desk.picture('energy-parts-given');
  });
  await step('a month stands on a sheet, and its file says the same', async () => {
    await desk.go('#/energy/month');
    await desk.page.locator('tr.total').waitFor();
    await isUsable(desk.page, 'the statement');
    await desk.picture('energy-month');
    const link = await desk.page.locator('a[download][href*="/csv"]').getAttribute('href');
    const text = await (await desk.context.request.get(`${node.http}${link}`)).text();
    expect(text.startsWith('item,energy_wh,micro_eur\r\n') && text.includes('\r\ntotal,'), 'the CSV');
    await desk.page.emulateMedia({ media: 'print' });
    for (const unprinted of ['header', 'nav', '.screen']) {
      expect((await desk.page.locator(`${unprinted}:visible`).count()) === 0, `${unprinted} is not printed`);
    }
    expect((await desk.page.pdf({ preferCSSPageSize: true })).length > 5_000, 'a sheet comes out');
    await desk.page.emulateMedia({ media: null });
  });
  await step('a counter gets its dwelling, and the dwelling a sheet', async () => {
    const { others } = await get(node, '/api/v1/energy/dwellings');
    expect(others.length > 0, 'a counter that tells nothing of the whole building');
    const [{ asset, metric }] = others;
    await desk.go('#/energy/dwellings');
    const label = desk.page.locator(`input[aria-label$="${asset} ${metric}"]`);
    await label.fill('3B');
    await label.press('Enter');
    await until('the node keeps it', 10_000, async () => (await get(node, '/api/v1/energy/dwellings')).items.some((one) => one.dwelling === '3B' && one.asset === asset));
    await desk.page.locator('section[aria-labelledby=dwellings] tbody a').click();
    await desk.page.locator('section[aria-labelledby=one] .tiles').waitFor();
    await until('the sheet says what the file says', 10_000, async () => {
      const link = await desk.page.locator('section[aria-labelledby=one] a[download]').getAttribute('href');
      const rows = (await (await desk.context.request.get(`${node.http}${link}`)).text()).trim().split('\r\n').slice(1);
      const wh = rows.reduce((sum, row) => sum + Number(row.split(',')[2]), 0);
      const shown = await desk.page.locator('section[aria-labelledby=one] .tiles dd').first().innerText();
      return wh > 0 && shown.startsWith(new Intl.NumberFormat('en', { maximumFractionDigits: wh >= 1_000_000 ? 0 : wh >= 100_000 ? 1 : 2 }).format(wh / 1000));
    });
    await isUsable(desk.page, 'the sheet of a dwelling');
    await desk.picture('energy-dwelling');
  });
  for (const tab of ['results', 'hive', 'periods', 'token', 'dwellings', 'plan']) {
    await step(`the page of ${tab} can be used`, async () => {
      await desk.go(`#/energy/${tab}`);
      await desk.page.locator('section.card h2').first().waitFor();
      await isUsable(desk.page, tab);
      await desk.picture(`energy-${tab}`);
    });
  }
  await step('the console had nothing to complain about', () => expect(desk.complaints.length === 0, [...new Set(desk.complaints)].join('\n')));
  await desk.context.close();

  for (const [locale, theme] of [['fr-BE', 'dark'], ['ar-MA', 'light'], ['nl-BE', 'light']]) {
    await step(`a phone in ${locale.slice(0, 2)}, ${theme}`, async () => {
      const phone = await visit(browser, node, { zone: ZONE, width: 390, height: 844, locale, theme, touch: true });
      await phone.go('#/energy');
      await phone.page.locator('figure svg[role=img]').waitFor();
      expect((await bars(phone.page, 'taken')) > 10, 'bars of import');
      await isUsable(phone.page, 'energy on a phone');
      await phone.picture(`energy-${locale.slice(0, 2)}-${theme}`);
      for (const tab of ['rules', 'results', 'month', 'hive', 'decisions', 'token', 'dwellings', 'plan']) {
        await phone.go(`#/energy/${tab}`);
        await phone.page.locator('section.card h2').first().waitFor();
        await isUsable(phone.page, `${tab} on a phone`);
        await phone.picture(`energy-${tab}-${locale.slice(0, 2)}-${theme}`);
      }
      expect(phone.complaints.length === 0, [...new Set(phone.complaints)].join('\n'));
      await phone.context.close();
    });
  }
}
