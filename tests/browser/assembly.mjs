// Residents decide: four people come in by their letters on their phones; the syndic prepares on hers; they vote and vote
// again, one lets another vote, a paper ballot is entered by two, an authority is killed; chair and syndic sign what was
// counted, and every node holds the same.
import { blocks, DAY_MS, enrol, send, vote } from './house.mjs';
import { get, until } from './neighbourhood.mjs';
import { check, expect, isUsable, listen, pictures } from './visitor.mjs';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

const REGISTRY = `record,id,name,kind,votes,lot,person,right,parts,whole,from,until
deed,,,,1000,,,,,,,
law,,be-2020,,,,,,,,2020-01-01,
person,1,Amina El Idrissi,natural,,,,,,,,
person,2,Jan Peeters,natural,,,,,,,,
person,3,Claire Dubois,natural,,,,,,,,
person,4,Dirk Maes,natural,,,,,,,,
person,5,Eva Lambert,natural,,,,,,,,
lot,1,1A,dwelling,300,,,,,,,
lot,2,2B,dwelling,250,,,,,,,
lot,3,3C,dwelling,250,,,,,,,
lot,4,4D,dwelling,200,,,,,,,
owner,,,,,1,1,full,1,1,2020-01-01,
owner,,,,,2,2,full,1,1,2020-01-01,
owner,,,,,3,4,full,1,1,2020-01-01,
owner,,,,,4,5,full,1,1,2020-01-01,
office,,,syndic,,,3,,,,2020-01-01,
`;
const HOSTILE = 'The motor runs hot. <b>Vote</b> <img src=x onerror="document.title=1">';

/** The syndic fills in the form of a new assembly and announces it, as a person would. */
async function prepare({ page }, node, draft) {
  await page.goto(`${node.http}/#/assemblies/new`);
  await page.locator('#day').fill(draft.day);
  await page.locator('#notice').fill(draft.notice);
  await page.locator('#place').fill(draft.place);
  await page.locator('#chair').selectOption({ label: draft.chair });
  await page.locator('#assessor').selectOption({ label: draft.assessor });
  await page.locator('button.add').click();
  const items = page.locator('main form section').filter({ has: page.locator('textarea') });
  for (const [at, item] of draft.items.entries()) {
    const form = items.nth(at);
    await form.locator('input[maxlength="200"]').fill(item.title);
    await form.locator('textarea').fill(item.text);
    await form.locator('select').first().selectOption(item.matter);
    if (item.asset) {
      await form.locator('summary').click();
      await form.locator('details select').first().selectOption('work_order');
      await form.locator('details input[dir=ltr]').fill(item.asset);
      await form.locator('details input[type=number]').fill(item.most);
    }
  }
  await items.nth(0).locator('input[type=file]').setInputFiles({ name: 'offer.txt', mimeType: 'text/plain', buffer: Buffer.from('The lift: 1,500 EUR.') });
  await page.locator('a[download="offer.txt"]').waitFor();
  await isUsable(page, 'preparing');
  await page.locator('main form > .row button[type=submit]').click();
  await page.locator('#blocks').fill(String(draft.blocks));
  await isUsable(page, 'the draft');
  await page.screenshot({ path: path.join(pictures, 'assembly-draft.png'), fullPage: true });
  await page.locator('main button.primary').filter({ hasText: /announce/i }).click();
}

export async function assembly(browser, net, building) {
  const node = net.nodes.find((one) => one.name === building);
  const step = (name, run) => check(`assembly: ${name}`, run);
  const read = (number) => get(node, `/api/v1/assemblies/${number}`);
  const phones = [];
  await step('four people come in by their letters', async () => {
    await send(node, 'PUT', '/api/v1/registry/csv', REGISTRY, 'text/csv');
    await send(node, 'PUT', '/api/v1/registry/objection', { objection_hours: 0 });
    const { letters } = await send(node, 'POST', '/api/v1/registry/letters', { persons: [1, 2, 3, 4] });
    for (const letter of letters) phones.push(await enrol(browser, node, letter));
    const again = await fetch(`${node.http}/api/v1/residents/codes/${letters[0].code}`);
    expect(again.status === 404, `a letter is good for one key: ${again.status}`);
    const { keys } = await get(node, '/api/v1/residents/keys');
    expect(keys.length === 4 && keys.every((key) => key.stage === 'counts'), JSON.stringify(keys));
  });
  if (phones.length < 4) return;
  const [amina, jan, claire, dirk] = phones;
  const day = (at) => new Date(at).toISOString().slice(0, 10);
  const now = Date.parse((await get(node, '/api/v1/energy')).time);
  const draft = {
    day: day(now),
    notice: day(now - 30 * DAY_MS),
    place: '18:00, hall',
    chair: 'Amina El Idrissi',
    assessor: 'Jan Peeters',
    blocks: 60,
    items: [
      { title: 'Mend the lift', text: HOSTILE, matter: 'ordinary', asset: `${building}-ELEVATOR_1`, most: '1500' },
      { title: 'New rules for the yard', text: 'Bicycles may stand there.', matter: 'use-statutes' },
    ],
  };
  let number = 0;
  await step('the syndic prepares and announces on her phone; a draft is not for residents', async () => {
    await prepare(claire, node, draft);
    await until('it is announced', 15_000, async () => {
      [{ number }] = (await get(node, '/api/v1/assemblies')).items;
      return (await read(number)).stage !== 'draft';
    });
    const { number: second } = await send(node, 'POST', '/api/v1/assemblies', { day: draft.day, place: 'another', chair: 1, assessors: [2], items: [{ title: 'a', text: 'b', matter: 'ordinary' }] });
    const answer = (who) => who.context.request.get(`${node.http}/api/v1/assemblies/${second}`);
    expect((await answer(amina)).status() === 404 && (await answer(claire)).ok(), 'the syndic alone sees it');
    await send(node, 'DELETE', `/api/v1/assemblies/${second}`);
  });
  if (!number) return;
  await blocks(node, async () => (await read(number)).stage === 'open');
  await step('an open vote stands on the first screen, and its text is inert', async () => {
    await amina.page.goto(`${node.http}/#/`);
    await amina.page.reload();
    await amina.page.getByText('Mend the lift').first().waitFor();
    await isUsable(amina.page, 'home');
    await amina.page.goto(`${node.http}/#/assemblies/${number}`);
    await amina.page.getByText('<b>Vote</b>').waitFor();
    expect((await amina.page.locator('main img, main b:text("Vote")').count()) === 0 && (await amina.page.title()) !== '1', 'a text is a text');
    await isUsable(amina.page, 'the vote');
  });
  await step('choose, review, sign: the phone checks the proof by itself', async () => {
    await vote(amina, node, number, 0);
    await amina.page.getByText(/Verified here/).waitFor();
    await isUsable(amina.page, 'a ballot that was cast');
    await amina.page.screenshot({ path: path.join(pictures, 'assembly-ballot.png'), fullPage: true });
  });
  const elsewhere = net.nodes.find((one) => one.name !== building && one.http);
  await step('the receipt is kept as a file, and holds on the page of another building', async () => {
    const [download] = await Promise.all([amina.page.waitForEvent('download'), amina.page.getByRole('button', { name: 'Keep the receipt' }).click()]);
    const receipt = path.join(pictures, 'receipt.cbor');
    await download.saveAs(receipt);
    const size = (await stat(receipt)).size;
    expect(size <= 4096, `a receipt of ${size} bytes`);
    const words = await amina.page.locator('.tracker').innerText();
    // Somebody with no account there, and nothing of the first building on the device.
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB', hasTouch: true, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const complaints = listen(page);
    await page.goto(`${elsewhere.http}/#/receipt`);
    await page.locator('#file').setInputFiles(receipt);
    await page.getByText('It stood in time, as the node promised.').waitFor();
    await page.getByText(/Verified here/).waitFor();
    await isUsable(page, 'a receipt on another page');
    await page.screenshot({ path: path.join(pictures, 'assembly-receipt.png'), fullPage: true });
    await page.reload();
    await page.locator('#words').fill(words);
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await page.getByText(/Verified here/).waitFor();
    const altered = await readFile(receipt);
    altered[altered.length - 20] ^= 1;
    await page.locator('#file').setInputFiles({ name: 'receipt.cbor', mimeType: 'application/cbor', buffer: altered });
    await page.getByText('The proof does not hold.').first().waitFor();
    expect(complaints.length === 0, complaints.join('\n'));
    await context.close();
    const verified = spawnSync(net.symbiose, ['verify', receipt, '--genesis', path.join(elsewhere.data_dir, 'genesis.cbor')], { encoding: 'utf8' });
    expect(verified.status === 0 && verified.stdout.includes(words), `symbiose verify: ${verified.status} ${verified.stdout} ${verified.stderr}`);
    await writeFile(receipt, altered);
    const refused = spawnSync(net.symbiose, ['verify', receipt, '--genesis', path.join(elsewhere.data_dir, 'genesis.cbor')], { encoding: 'utf8' });
    expect(refused.status !== 0, `an altered receipt: ${refused.stdout}`);
  });
  await step('a neighbour takes what the building does not, and the building counts it', async () => {
    const { id, chain } = await read(number);
    const commitment = createHash('sha256').update(`${chain} ${Date.now()}`).digest('hex');
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB', hasTouch: true, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(`${elsewhere.http}/#/receipt`);
    await page.locator('#slip').fill(`${id}.${commitment}`);
    await page.getByRole('button', { name: 'Hand in' }).click();
    await page.getByText(/^Promised/).waitFor();
    const promise = await page.locator('.promise').innerText();
    await page.locator('#promise').fill(promise);
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByText(/keeps an eye on it|It was kept/).waitFor();
    await until('the neighbour keeps its promise', 20_000, async () => (await get(elsewhere, `/api/v1/receipts/${commitment}`)).ballots.length === 1);
    await context.close();
    // Nobody knows what it stands for: owners see that too.
    await until('the owners see a ballot that nobody has', 15_000, async () => (await read(number)).record.unknown === 1);
  });
  await step('somebody changes his mind; the last one counts', async () => {
    await vote(jan, node, number, 1);
    await jan.page.getByText(/Verified here/).waitFor();
    await jan.page.getByRole('button', { name: 'Vote again' }).click();
    await vote(jan, node, number, 0);
    await until('three ballots are entered', 15_000, async () => (await read(number)).came_in.standing === 3);
  });
  await step('an owner lets another vote, who votes for both', async () => {
    await dirk.page.goto(`${node.http}/#/assemblies/${number}`);
    await dirk.page.locator('section[aria-labelledby=proxies] button').click();
    await dirk.page.locator('#holder').selectOption({ label: 'Amina El Idrissi' });
    await isUsable(dirk.page, 'choosing a proxy');
    await dirk.page.screenshot({ path: path.join(pictures, 'assembly-proxy.png'), fullPage: true });
    await dirk.page.locator('section[aria-labelledby=proxies] button.primary').click();
    await dirk.page.locator('section[aria-labelledby=proxies] button.primary').click();
    await dirk.page.locator('section[aria-labelledby=proxies]').getByText('counts').waitFor();
    await amina.page.getByText('For Dirk Maes').first().waitFor();
    await vote(amina, node, number, 0, 1);
  });
  await step('a paper ballot counts with the signatures of syndic and assessor, and not with one', async () => {
    await claire.page.goto(`${node.http}/#/assemblies/${number}`);
    await claire.page.reload();
    const paper = claire.page.locator('section[aria-labelledby=paper]');
    await paper.locator('#paper-person').selectOption({ index: 4 });
    await paper.locator('#paper-1').selectOption('Against');
    await paper.locator('input[type=file]').setInputFiles({ name: 'scan.pdf', mimeType: 'application/pdf', buffer: Buffer.from('a scan') });
    await paper.getByText('scan.pdf').waitFor();
    await isUsable(claire.page, 'entering paper');
    const before = (await read(number)).came_in.taken;
    await paper.locator('form button[type=submit]').click();
    await paper.getByText('Eva Lambert', { exact: true }).first().waitFor();
    expect((await read(number)).came_in.taken === before, 'one signature is not enough');
    await jan.page.reload();
    await jan.page.locator('section[aria-labelledby=paper] button.primary').click();
    await until('the sheet is taken', 15_000, async () => (await read(number)).came_in.taken === before + 1);
    await isUsable(jan.page, 'the assessor');
  });
  const victim = net.nodes.find((one) => one.name !== building && one.name !== 'CAS-S1');
  await step('an authority is killed, and what came in stands all the same', async () => {
    net.tell('kill', victim.name);
    await blocks(node, async () => {
      const { taken, standing } = (await read(number)).came_in;
      return standing === taken;
    });
  });
  await step('chair and syndic sign what was counted, and the ledger takes it', async () => {
    await blocks(node, async () => (await read(number)).stage !== 'open');
    for (const one of [amina, claire]) {
      await one.page.goto(`${node.http}/#/assemblies/${number}`);
      await one.page.reload();
      await one.page.locator('main button.primary').filter({ hasText: /sign/i }).click();
    }
    await until('the result stands', 30_000, async () => (await read(number)).stage === 'concluded');
    const { items, came_in: cameIn } = await read(number);
    const { outcome, in_favour: inFavour, against } = items[0].result;
    // Amina carries 300 and Dirk's 250: no more than the 450 of all others. Jan has 250; Eva's 200 are on paper.
    expect(outcome === 'adopted' && inFavour === 700 && against === 200, JSON.stringify(items[0].result));
    expect(items[0].result.against_names.join() === 'Eva Lambert', 'the minutes name who was against');
    expect(cameIn.breaches === 0, 'nothing was tried that the rules do not allow');
    await amina.page.reload();
    await isUsable(amina.page, 'the result');
    await amina.page.screenshot({ path: path.join(pictures, 'assembly-result.png'), fullPage: true });
  });
  await step('the same tally stands on every node', async () => {
    net.tell('restart', victim.name);
    const { id } = await read(number);
    const concluded = async (one) => {
      const { items } = await get(one, '/api/v1/ledger/blocks?limit=30');
      for (const { height } of items) {
        const { transactions, state } = await get(one, `/api/v1/ledger/blocks/${height}`);
        const found = transactions.find((it) => it.kind === 'assembly.conclude' && it.fields.assembly === id);
        if (found) return JSON.stringify([height, state, found.id, found.fields]);
      }
      return null;
    };
    const expected = await concluded(node);
    expect(expected !== null, 'the result is in one of the last blocks');
    for (const one of net.nodes) await until(`${one.name} holds it too`, 45_000, async () => (await concluded(one)) === expected);
    return `${net.nodes.length} nodes`;
  });
  await step('the decision opened a work order by itself', async () => {
    const mine = async () => (await get(node, '/api/v1/workorders')).items.filter((one) => one.decision?.assembly === number);
    await until('the work order is in the list', 15_000, async () => (await mine()).length === 1);
    const [order] = await mine();
    expect(order.title === 'Mend the lift' && order.decision.item === 1 && order.decision.most === 1_500_000_000 && order.asset === `${building}-ELEVATOR_1` && order.ledger, JSON.stringify(order));
    const elsewhereToo = (await get(elsewhere, '/api/v1/workorders')).items.filter((one) => one.id === order.id);
    expect(elsewhereToo.length === 1 && !elsewhereToo[0].title && !elsewhereToo[0].asset, 'others see that there is work, and no name');
  });
  await step('chair and syndic sign the minutes, with the names that the law wants', async () => {
    for (const one of [amina, claire]) {
      await one.page.goto(`${node.http}/#/assemblies/${number}`);
      await one.page.reload();
      await one.page.getByRole('button', { name: 'Show the minutes' }).click();
      await one.page.getByRole('button', { name: 'Sign the minutes' }).click();
      await one.page.getByText(/You signed|On the ledger/).first().waitFor();
    }
    await until('the minutes stand', 20_000, async () => (await get(node, `/api/v1/assemblies/${number}/minutes`)).height != null);
    const minutes = await get(node, `/api/v1/assemblies/${number}/minutes`);
    expect(minutes.version === 1 && JSON.parse(minutes.text).items[0].outcome === 'adopted', minutes.text);
    expect(JSON.stringify(minutes.minutes) === minutes.text, 'the text is what is shown');
    await isUsable(amina.page, 'the minutes');
    await amina.page.screenshot({ path: path.join(pictures, 'assembly-minutes.png'), fullPage: true });
  });
  await step('the console had nothing to complain about', () => {
    const all = phones.flatMap((one) => one.complaints);
    expect(all.length === 0, [...new Set(all)].join('\n'));
  });
  for (const { context } of phones) await context.close();
}
