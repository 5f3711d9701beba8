// What the law makes harder than one vote: an assembly without its quorum, held again; a French one with a form by post;
// one question that two buildings decide, each by its law; and polls, which decide nothing. All of it on the page, as
// residents on phones, syndics and the operators of authorities see it.
import { blocks, DAY_MS, enrol, send, vote } from './house.mjs';
import { get, until } from './neighbourhood.mjs';
import { check, expect, isUsable, pictures, visit } from './visitor.mjs';
import path from 'node:path';

const HEADS = 15;
const QUESTION = 'Shall both buildings buy their gas together from January on?';
const day = (at) => new Date(at).toISOString().slice(0, 10);

/** A registry: each owner with one lot, then a tenant in the first lot if there is one, and a syndic who owns nothing. */
function registry(law, owners, tenant) {
  const lines = ['record,id,name,kind,votes,lot,person,right,parts,whole,from,until', `deed,,,,${owners.reduce((sum, [, votes]) => sum + votes, 0)},,,,,,,`, `law,,${law},,,,,,,,2020-01-01,`];
  owners.forEach(([name, votes], at) => {
    const id = at + 1;
    lines.push(`person,${id},${name},natural,,,,,,,,`, `lot,${id},Lot ${id},dwelling,${votes},,,,,,,`, `owner,,,,,${id},${id},full,1,1,2020-01-01,`);
  });
  let id = owners.length;
  if (tenant) lines.push(`person,${(id += 1)},${tenant},natural,,,,,,,,`, `occupant,,,,,1,${id},,,,2020-01-01,`);
  lines.push(`person,${(id += 1)},Syndic,natural,,,,,,,,`, `office,,,syndic,,,${id},,,,2020-01-01,`);
  return `${lines.join('\n')}\n`;
}

/** Residents come in by their letters, a few at a time. */
async function moveIn(browser, node, csv, persons, locale = () => 'en-GB') {
  await send(node, 'PUT', '/api/v1/registry/csv', csv, 'text/csv');
  await send(node, 'PUT', '/api/v1/registry/objection', { objection_hours: 0 });
  const { letters } = await send(node, 'POST', '/api/v1/registry/letters', { persons });
  const phones = [];
  for (let at = 0; at < letters.length; at += 4) {
    const some = letters.slice(at, at + 4).map((letter, more) => enrol(browser, node, letter, { isLooked: false, locale: locale(persons[at + more]) }));
    phones.push(...(await Promise.all(some)));
  }
  return phones;
}

const show = async ({ page }, node, hash) => {
  await page.goto(`${node.http}/${hash}`);
  await page.reload();
  await page.locator('main h1').first().waitFor();
};
const picture = (page, name) => page.screenshot({ path: path.join(pictures, `decide-${name}.png`), fullPage: true });

/** Somebody chooses an answer to a poll, checks it and signs. */
async function answer({ page }, node, question, choice) {
  if (new URL(page.url()).hash !== '#/polls') await page.goto(`${node.http}/#/polls`);
  const poll = page.locator('section.poll').filter({ hasText: question });
  await poll.locator('button.big').nth(choice).click();
  await poll.locator('button.primary.big').click();
  await poll.locator('button.primary.big').waitFor({ state: 'detached' });
  await poll.locator('p.large').waitFor();
}

/** The syndic asks everybody, with the form. */
async function poll({ page }, node, { question, choices, hidden, blocks: open }) {
  await page.goto(`${node.http}/#/polls`);
  await page.locator('#question').fill(question);
  await page.locator('form button.start[type=button]').click();
  for (const [at, choice] of choices.entries()) await page.locator(`#choice-${at}`).fill(choice);
  await page.locator('form input[type=checkbox]').setChecked(hidden);
  await page.locator('#poll-blocks').fill(String(open));
  await page.locator('form button[type=submit]').click();
  await page.locator('section.poll').filter({ hasText: question }).waitFor();
}

/** Chair and syndic look at what was counted and sign it, each on the own phone. */
async function conclude(node, number, signers) {
  for (const one of signers) {
    await show(one, node, `#/assemblies/${number}`);
    await one.page.locator('section[aria-labelledby=sign] button.primary').click();
  }
  await until('the result stands', 30_000, async () => (await get(node, `/api/v1/assemblies/${number}`)).stage === 'concluded');
}

/** The syndic announces the draft on the page. */
async function announce({ page }, node, open) {
  await page.locator('#blocks').fill(String(open));
  await page.locator('section[aria-labelledby=announce] button.primary').click();
  const number = Number(new URL(page.url()).hash.split('/').at(-1));
  await until('it is open', 20_000, async () => (await get(node, `/api/v1/assemblies/${number}`)).stage === 'open');
  return number;
}

export async function decide(browser, net, [belgian, french]) {
  const [home, there, asker, approver] = [belgian, french, 'CAS-S1', 'CAS-S2'].map((name) => net.nodes.find((one) => one.name === name));
  const step = (name, run) => check(`decide: ${name}`, run);
  const read = (node, number) => get(node, `/api/v1/assemblies/${number}`);
  const pass = (isEnough) => blocks(home, isEnough);
  const now = Date.parse((await get(home, '/api/v1/energy')).time);
  let house = [];
  let other = [];
  await step('residents of two buildings come in by their letters', async () => {
    const owners = [['Amina', 300], ['Jan', 250], ['Claire', 200], ...Array.from({ length: HEADS - 4 }, (_, at) => [`Owner ${at + 4}`, 50])];
    const persons = owners.map((_, at) => at + 1);
    // One owner reads Arabic; the last two are the tenant and the syndic.
    house = await moveIn(browser, home, registry('be-2020', owners, 'Tenant'), [...persons, HEADS, HEADS + 1], (person) => (person === 3 ? 'ar-MA' : 'en-GB'));
    other = await moveIn(browser, there, registry('fr-2020', [['Alice', 400], ['Bruno', 250], ['Chloé', 200], ['David', 100], ['Élise', 50]]), [1, 2, 3, 6], (person) => (person === 3 ? 'fr-FR' : 'en-GB'));
  });
  if (house.length < HEADS + 1 || other.length < 4) return;
  const [amina, jan, claire] = house;
  const syndic = house.at(-1);
  const [alice, bruno, chloe, syndicThere] = other;

  const asked = { hidden: 'Where shall the bicycles stand?', few: 'Which colour for the stairs?', open: 'A party in the yard in June?' };
  await step('the syndic asks residents: what a poll is, and for how long, is said', async () => {
    const choices = ['In the yard', 'In the cellar', 'Nowhere'];
    await syndic.page.goto(`${home.http}/#/polls`);
    await syndic.page.locator('#poll-blocks-help').getByText(/about/).waitFor();
    await isUsable(syndic.page, 'asking a poll');
    await picture(syndic.page, 'poll-form');
    await poll(syndic, home, { question: asked.hidden, choices, hidden: true, blocks: 70 });
    await poll(syndic, home, { question: asked.few, choices: ['White', 'Yellow', 'Green'], hidden: true, blocks: 70 });
    await poll(syndic, home, { question: asked.open, choices: ['Yes', 'No', 'Later'], hidden: false, blocks: 70 });
    await until('they are open', 20_000, async () => (await get(home, '/api/v1/polls')).items.every((one) => one.stage === 'open'));
  });
  await step('fifteen heads answer on their phones, the tenant and one who reads Arabic among them', async () => {
    const heads = house.slice(0, HEADS);
    await show(claire, home, '#/polls');
    expect((await claire.page.locator('html').getAttribute('dir')) === 'rtl', 'from right to left');
    await isUsable(claire.page, 'polls in Arabic');
    await picture(claire.page, 'polls-ar');
    for (let at = 0; at < heads.length; at += 4) {
      await Promise.all(heads.slice(at, at + 4).map((one, more) => answer(one, home, asked.hidden, at + more < 9 ? 0 : 1)));
    }
    await answer(amina, home, asked.few, 0);
    await answer(jan, home, asked.few, 2);
    await answer(amina, home, asked.open, 0);
    await answer(jan, home, asked.open, 0);
    await answer(claire, home, asked.open, 1);
    await isUsable(amina.page, 'polls that were answered');
    await picture(amina.page, 'polls-answered');
  });

  let question = null;
  await step('one building asks two, and others read the question before they approve it', async () => {
    const operator = await visit(browser, asker, { width: 1280, height: 800, locale: 'en-GB' });
    await operator.page.goto(`${asker.http}/#/assemblies`);
    await operator.page.locator('main details summary').click();
    await operator.page.locator('#joint-text').fill(QUESTION);
    for (const name of [belgian, french]) await operator.page.locator('main fieldset label').filter({ hasText: name }).locator('input').check();
    await operator.page.locator('#joint-effect').selectOption('purchase');
    await operator.page.locator('#joint-most').fill('150000');
    await isUsable(operator.page, 'asking several buildings');
    await operator.picture('decide-joint-form');
    await operator.page.locator('main details button[type=submit]').click();
    const proposal = await until('it is proposed', 15_000, async () => (await get(approver, '/api/v1/governance')).items.find((one) => one.action.kind === 'ask_jointly' && one.status === 'open'));
    const other = await visit(browser, approver, { width: 390, height: 844, locale: 'en-GB', touch: true });
    const hall = '#/hive';
    const decision = other.page.locator('section[aria-labelledby=decisions] li').filter({ hasText: 'A question to several buildings' });
    await until('whoever approves reads the text', 20_000, async () => {
      await other.page.goto(`${approver.http}/${hall}`);
      await other.page.reload();
      await decision.first().waitFor();
      await other.page.waitForTimeout(200);
      return decision.getByText(QUESTION).isVisible();
    });
    const words = await decision.first().innerText();
    expect([belgian, french, 'all buildings', '150,000'].every((part) => words.includes(part)), words);
    await isUsable(other.page, 'approving a question');
    await picture(other.page, 'joint-approve');
    await decision.first().locator('button').click();
    await send(there, 'POST', `/api/v1/governance/${proposal.id}/approve`, {});
    for (const node of [there, home]) {
      const put = async () => (await get(node, '/api/v1/assemblies/joint')).items.find((one) => one.is_asked && one.standing === 'open');
      question = await until('the question is put', 20_000, put);
    }
    const complaints = [...operator.complaints, ...other.complaints];
    await Promise.all([operator.context.close(), other.context.close()]);
    // The text comes to whoever approves by itself, a moment after the proposal.
    expect(complaints.every((one) => one.includes('/api/v1/documents/') || one.includes('404')), complaints.join('\n'));
  });
  if (!question) return;

  let numberThere = 0;
  await step('a syndic attaches the question by its button, and a form by post is entered by two', async () => {
    const { page } = syndicThere;
    await page.goto(`${there.http}/#/assemblies/new`);
    await page.locator('#day').fill(day(now + 10 * DAY_MS));
    await page.locator('#place').fill('19:00, stairs');
    await page.locator('#chair').selectOption({ label: 'Alice' });
    await page.locator('#assessor').selectOption({ label: 'Bruno' });
    await page.locator('button.add').click();
    const items = page.locator('main form section').filter({ has: page.locator('textarea') });
    await items.nth(0).locator('input[maxlength="200"]').fill('Gas together');
    await until('its text is there', 15_000, async () => {
      const button = items.nth(0).getByRole('button', { name: /question put to 2 buildings/ });
      if (await button.isVisible()) await button.click();
      return (await items.nth(0).locator('textarea').inputValue()) === QUESTION;
    });
    await items.nth(0).locator('select').first().selectOption('ordinary');
    await items.nth(0).getByText('Answers the question put to 2 buildings').waitFor();
    await items.nth(1).locator('input[maxlength="200"]').fill('The accounts');
    await items.nth(1).locator('textarea').fill('As sent with the notice.');
    await items.nth(1).locator('select').first().selectOption('ordinary');
    await isUsable(page, 'a question attached');
    await picture(page, 'joint-attached');
    await page.locator('main form > .row button[type=submit]').click();
    await page.locator('#blocks').waitFor();
    numberThere = await announce(syndicThere, there, 45);
    await show(syndicThere, there, `#/assemblies/${numberThere}`);
    const paper = page.locator('section[aria-labelledby=paper]');
    await paper.locator('#paper-person').selectOption({ label: 'David · Lot 4' });
    await paper.locator('#paper-kind').selectOption('postal');
    await paper.locator('#paper-received').fill(day(now + 6 * DAY_MS));
    await paper.locator('#paper-1').selectOption('Against');
    await paper.locator('#paper-2').selectOption('For');
    await paper.locator('input[type=file]').setInputFiles({ name: 'form.pdf', mimeType: 'application/pdf', buffer: Buffer.from('a form with an answer to each item') });
    await paper.getByText('form.pdf').waitFor();
    await isUsable(page, 'a form by post');
    await picture(page, 'postal');
    await paper.locator('form button[type=submit]').click();
    await show(bruno, there, `#/assemblies/${numberThere}`);
    const waiting = bruno.page.locator('section[aria-labelledby=paper] li').filter({ hasText: 'David' });
    await waiting.getByText('Against').waitFor();
    await isUsable(bruno.page, 'the assessor compares a form');
    await waiting.locator('button.primary').click();
    await until('the form is taken', 15_000, async () => (await read(there, numberThere)).came_in.taken === 1);
  });
  if (!numberThere) return;
  let first = 0;
  await step('one of fourteen owners is no quorum, and the page says so in figures', async () => {
    const asks = { title: 'Gas together', text: QUESTION, matter: 'ordinary', documents: [{ name: 'question.txt', hash: question.text }] };
    const paint = { title: 'Paint the stairs', text: 'White.', matter: 'ordinary' };
    ({ number: first } = await send(home, 'POST', '/api/v1/assemblies', { day: day(now), place: '18:00, hall', chair: 1, assessors: [2], items: [asks, paint] }));
    await show(syndic, home, `#/assemblies/${first}`);
    await announce(syndic, home, 22);
    await show(jan, home, '#/assemblies');
    await jan.page.getByText(QUESTION).first().waitFor();
    await jan.page.getByText('0 of 2 buildings adopted it.').waitFor();
    await isUsable(jan.page, 'a question that residents see');
    await picture(jan.page, 'joint-open');
    await vote(jan, home, first, 0);
    await vote(jan, home, first, 0, 1, false);
    for (const [one, choice] of [[alice, 0], [bruno, 0], [chloe, 2]]) {
      await vote(one, there, numberThere, choice, 0, false);
      await vote(one, there, numberThere, choice, 1, false);
    }
    await pass(async () => (await read(home, first)).stage === 'closed');
    await conclude(home, first, [amina, syndic]);
    await show(syndic, home, `#/assemblies/${first}`);
    const quorum = await syndic.page.locator('section[aria-labelledby=quorum]').innerText();
    expect(quorum.includes('1 of 14 owners') && quorum.includes('250 of 1,300 votes'), quorum);
    expect((await syndic.page.locator('article .outcome').allInnerTexts()).join() === 'No quorum,No quorum', 'no item is decided');
    await isUsable(syndic.page, 'no quorum');
    await picture(syndic.page, 'no-quorum');
  });
  await step('in France opponents are named, those by post too, and the arithmetic stands in words', async () => {
    await pass(async () => (await read(there, numberThere)).stage === 'closed');
    await conclude(there, numberThere, [alice, syndicThere]);
    await show(chloe, there, `#/assemblies/${numberThere}`);
    const result = await chloe.page.locator('article').first().innerText();
    expect(result.includes('2 × 650 > 750') && /Contre\s?: David/.test(result) && /Abstention[s]?\s?: Chloé/.test(result), result);
    await chloe.page.locator('section[aria-labelledby=minutes] > button').click();
    await chloe.page.getByText(/David.*Lot 4.*100 voix/).first().waitFor();
    await isUsable(chloe.page, 'a French result');
    await picture(chloe.page, 'french');
  });
  await step('polls close: fifteen heads are counted, of two nothing is told, an open one shows its answers', async () => {
    await pass(async () => (await get(home, '/api/v1/polls')).items.every((one) => one.stage === 'concluded'));
    await show(jan, home, '#/polls');
    const told = (question) => jan.page.locator('section.poll').filter({ hasText: question }).innerText();
    const [many, few, open] = [await told(asked.hidden), await told(asked.few), await told(asked.open)];
    expect(/15 of 15 persons answered/.test(many) && /In the yard\s+9\s/.test(`${many} `) && /In the cellar\s+6\s/.test(`${many} `), many);
    expect(few.includes('2 of 15 persons answered') && few.includes('the totals stay hidden') && !/White\s+1/.test(few), few);
    expect(/Yes\s+2\s/.test(`${open} `) && /No\s+1\s/.test(`${open} `), open);
    await isUsable(jan.page, 'polls that closed');
    await picture(jan.page, 'polls-closed');
  });
  await step('it is held again with the same items, without a quorum, and decides the question', async () => {
    await show(syndic, home, `#/assemblies/${first}`);
    await syndic.page.locator('section[aria-labelledby=follow] a.primary').click();
    await syndic.page.locator('main form > .row button[type=submit]').click();
    await syndic.page.locator('#blocks').waitFor();
    const second = await announce(syndic, home, 25);
    await isUsable(syndic.page, 'held again');
    await picture(syndic.page, 'again');
    await show(claire, home, `#/assemblies/${second}`);
    for (const [one, choices] of [[amina, [0, 0]], [jan, [0, 1]], [claire, [1, 0]]]) {
      await vote(one, home, second, choices[0], 0, one === claire);
      await vote(one, home, second, choices[1], 1, false);
    }
    await picture(claire.page, 'ballot-ar');
    await pass(async () => (await read(home, second)).stage === 'closed');
    await conclude(home, second, [amina, syndic]);
    await show(amina, home, `#/assemblies/${second}`);
    const result = await amina.page.locator('article').first().innerText();
    expect(result.includes('Adopted') && result.includes('2 × 550 > 750') && result.includes('Against: Claire'), result);
    await isUsable(amina.page, 'a result of the second assembly');
    await picture(amina.page, 'again-result');
  });
  await step('both buildings adopted it: every building sees it carried out, once', async () => {
    const joint = async (node) => (await get(node, '/api/v1/assemblies/joint')).items.find((one) => one.id === question.id);
    for (const node of net.nodes) await until(`${node.name} knows`, 20_000, async () => (await joint(node)).standing === 'adopted');
    const { arithmetic, progress } = await joint(home);
    expect(arithmetic === '2 = 2' && progress.state === 'done', JSON.stringify({ arithmetic, progress }));
    for (const node of net.nodes) expect((await joint(node)).progress.height === progress.height, `one block at ${node.name}`);
    await show(claire, home, '#/assemblies');
    await isUsable(claire.page, 'a question that was adopted, in Arabic');
    await picture(claire.page, 'joint-adopted-ar');
    const operator = await visit(browser, asker, { width: 1280, height: 800, locale: 'en-GB' });
    await operator.page.goto(`${asker.http}/#/assemblies`);
    await operator.page.getByText('2 of 2 buildings adopted it.').waitFor();
    await operator.page.getByRole('link', { name: /^in block/ }).waitFor();
    await operator.picture('decide-joint-adopted');
    await operator.context.close();
  });
  await step('the console had nothing to complain about', () => {
    const all = [...house, ...other].flatMap((one) => one.complaints);
    expect(all.length === 0, [...new Set(all)].join('\n'));
  });
  for (const { context } of [...house, ...other]) await context.close();
}
