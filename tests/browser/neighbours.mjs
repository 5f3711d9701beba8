// What a syndic does with what leaves the building: says what may, asks the neighbours who had the same, answers one who
// asks, searches, sees what the street was told, and asks the hive for a sum. All of it on the page of two buildings.
import { send } from './house.mjs';
import { get, until } from './neighbourhood.mjs';
import { check, expect, isUsable, visit } from './visitor.mjs';

const WORDS = 'Palier du 3e. Demandez M. Claes.';
const PHONE = { width: 390, height: 844, locale: 'fr-BE' };
const DESK = { width: 1280, height: 800, locale: 'en-GB' };
const LIFT = { system: 'elevator', symptom: 'overheating' };

/** A lift that was too hot, and is no more: the building's own record of it. */
async function mend(net, node) {
  const lift = `${node.name}-ELEVATOR_1`;
  const alerts = async () => (await get(node, '/api/v1/alerts')).items.filter((one) => one.asset === lift);
  if ((await alerts()).length === 0) net.tell('drift', lift, 'motor_temp');
  const some = await until('the lift is too hot', 60_000, async () => {
    const found = await alerts();
    return found.length > 0 && found;
  });
  const alert = some.find((one) => one.status !== 'closed') ?? some[0];
  if (alert.status !== 'closed') await send(node, 'POST', `/api/v1/alerts/${alert.id}/close`, { reason: 'cooled' });
}

/** The building's water meter says that pressure is low. */
async function lowPressure(node) {
  const rule = { asset_kind: 'METER', metric: 'water_pressure', rule: 'consecutive', condition: '<', threshold: 1.5, samples: 3, window_minutes: null, severity: 'low', message: 'Pression', work_order: false, enabled: true };
  await send(node, 'POST', '/api/v1/policies', rule);
  const now = Date.parse((await get(node, '/api/v1/node')).time);
  const line = (water_pressure, at) => JSON.stringify({ site_code: node.name, asset_code: `${node.name}-METER_1`, timestamp: new Date(now + at).toISOString(), metrics: { water_pressure } });
  await send(node, 'POST', '/api/v1/telemetry/bulk', [3, 0.8, 0.8, 0.8].map(line).join('\n'), 'application/x-ndjson');
}

export async function neighbours(browser, net, [first, second]) {
  const [asker, other] = [first, second].map((name) => net.nodes.find((one) => one.name === name));
  const desk = await visit(browser, asker, DESK);
  const phone = await visit(browser, other, PHONE);
  const step = (name, run) => check(`neighbours: ${name}`, run);

  await step('a question shows what leaves before it does', async () => {
    await mend(net, other);
    await desk.go('#/incidents');
    await desk.page.locator('#ask-system').selectOption(LIFT.system);
    await desk.page.locator('#ask-symptom').selectOption(LIFT.symptom);
    const card = desk.page.locator('section[aria-labelledby=neighbours]');
    await card.locator('button').first().click();
    await card.locator('.leaves dl').waitFor();
    expect((await card.locator('.leaves').innerText()).includes(first), 'the asker is named');
    await isUsable(desk.page, 'the question');
    await desk.picture('neighbours-question');
    expect((await get(other, '/api/v1/enquiries')).others.length === 0, 'nothing has left');
    await card.locator('button.primary').click();
    await card.locator('ul > li').waitFor();
  });
  await step('a neighbour who had the same replies to the asker alone', async () => {
    await until('the question arrives', 20_000, async () => (await get(other, '/api/v1/enquiries')).others.length === 1);
    await phone.go('#/incidents');
    const card = phone.page.locator('section[aria-labelledby=asked-of-us]');
    await card.locator('li strong', { hasText: first }).first().waitFor();
    await isUsable(phone.page, 'what neighbours ask');
    await phone.picture('neighbours-asked');
    await card.locator('li .row button').first().click();
    await phone.page.locator('#reply-remedy').selectOption('repaired');
    await phone.page.locator('#reply-cost').fill('480');
    await phone.page.locator('#reply-contractor').fill('BE0202239951');
    await phone.page.locator('#reply-words').fill(WORDS);
    await isUsable(phone.page, 'the reply');
    await phone.picture('neighbours-reply');
    await card.locator('button.primary').click();
    await card.locator('.leaves', { hasText: WORDS }).waitFor();
    expect((await get(other, '/api/v1/enquiries')).others[0].replied === null, 'nothing has left');
    await isUsable(phone.page, 'what the reply says');
    await card.locator('button.primary').click();
    await until('the asker has it', 20_000, async () => (await get(other, '/api/v1/enquiries')).others[0].replied?.told === 'kept');
    for (const node of net.nodes.filter((one) => one !== asker)) {
      expect((await get(node, '/api/v1/enquiries')).own.length === 0, `${node.name} has no reply`);
    }
  });
  await step('the asker reads it, as text, and prepares a message to the company', async () => {
    const card = desk.page.locator('section[aria-labelledby=neighbours]');
    await card.locator('.leaves', { hasText: WORDS }).waitFor({ timeout: 20_000 });
    await card.locator('details summary').first().click();
    await card.locator('a[href^="mailto:?subject="]').waitFor();
    await isUsable(desk.page, 'the reply that came');
    await desk.picture('neighbours-replied');
  });
  await step('what left is listed, and is switched off', async () => {
    await phone.go('#/leaving');
    await phone.page.locator('.recent li', { hasText: first }).first().waitFor();
    expect(!(await phone.page.locator('main').innerText()).includes(WORDS), 'what was written is not in the list');
    const switches = phone.page.locator('.kinds input[role=switch]');
    const count = await switches.count();
    expect(count >= 4, `${count} switches`);
    for (const on of [false, true]) {
      await switches.nth(count - 1).setChecked(on);
      await until('the node knows it', 10_000, async () => (await get(other, '/api/v1/enquiries')).replying === on);
    }
    await phone.page.evaluate(() => scrollTo(0, 0));
    await isUsable(phone.page, 'what leaves');
    await phone.picture('neighbours-leaving');
  });
  await step('three buildings without pressure are told as one notice', async () => {
    const some = net.nodes.filter((node) => node !== asker).slice(0, 3);
    for (const node of net.nodes) await send(node, 'PUT', '/api/v1/leaving/street_signal', { on: true });
    for (const node of some) await lowPressure(node);
    await desk.go('#/hive');
    const notice = desk.page.locator('section[aria-labelledby=street].news');
    await notice.waitFor({ timeout: 40_000 });
    const said = await notice.innerText();
    expect(!net.nodes.some((node) => said.includes(node.name)), `the notice names a building: ${said}`);
    await isUsable(desk.page, 'the notice');
    await desk.picture('neighbours-notice');
  });
  await step('a sum is asked for in words', async () => {
    desk.page.once('dialog', (dialog) => void dialog.accept());
    await desk.page.locator('#action').selectOption('aggregate');
    await desk.page.locator('#sum-measure').selectOption('peak');
    await desk.page.locator('#sum-cadence').selectOption('month');
    await isUsable(desk.page, 'the form of a sum');
    await desk.page.locator('form:has(#sum) button[type=submit]').click();
    const proposed = await until('it stands on the ledger', 20_000, async () => {
      const { items } = await get(asker, '/api/v1/governance');
      return items.find((one) => one.action.kind === 'aggregate');
    });
    expect(proposed.action.what.measure === 'peak' && proposed.action.what.cadence === 'month', JSON.stringify(proposed.action));
    await desk.page.locator('section[aria-labelledby] li', { hasText: /peak/i }).first().waitFor();
    await desk.picture('neighbours-sum');
  });
  await step('the consoles had nothing to complain about', () => {
    const complaints = [...desk.complaints, ...phone.complaints];
    expect(complaints.length === 0, [...new Set(complaints)].join('\n'));
  });
  await desk.context.close();
  await phone.context.close();
}
