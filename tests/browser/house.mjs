// What residents and a syndic of a house do in more than one story: come in by a letter, vote, and wait for blocks.
import { get, until } from './neighbourhood.mjs';
import { expect, isUsable, listen } from './visitor.mjs';

export const DAY_MS = 86_400_000;

/** What the syndic does from a script: writing with the operator's token. */
export async function send(node, method, route, body, type = 'application/json') {
  const headers = { authorization: `Bearer ${node.token}`, 'content-type': type };
  const answer = await fetch(`${node.http}${route}`, { method, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const text = await answer.text();
  expect(answer.ok, `${method} ${route}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** A quiet hive makes no blocks: notes on a work order make some. */
export async function blocks(node, isEnough) {
  for (let n = 0; !(await isEnough()); n += 1) {
    expect(n < 200, 'the height does not rise');
    const { items } = await get(node, '/api/v1/workorders');
    const order = items.find((one) => one.asset?.startsWith(node.name) && one.status !== 'done');
    expect(order, 'the building has an open work order');
    await send(node, 'PATCH', `/api/v1/workorders/${order.id}`, { notes: `looked again, ${n} ${Date.now()}` });
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Somebody comes in by a letter on a phone of one's own, and onwards to the first screen. `isLooked` asks whether the letter's page is usable too. */
export async function enrol(browser, node, letter, { locale = 'en-GB', isLooked = true } = {}) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale, hasTouch: true, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = listen(page);
  await page.goto(`${node.http}/#/enrol/${letter.code}`);
  await page.getByText(letter.name).first().waitFor();
  if (isLooked) await isUsable(page, 'the letter');
  // "Yes, make my key", and onwards to the first screen with what one owns.
  await page.locator('button.primary').first().click();
  await until(`${letter.name} is at home`, 15_000, async () => {
    if (await page.locator('section[aria-labelledby=own-lots]').isVisible()) return true;
    const onwards = page.locator('button.primary');
    if ((await onwards.count()) > 0 && (await onwards.first().isEnabled({ timeout: 500 }))) await onwards.first().click({ timeout: 1_000 });
    return false;
  });
  return { page, context, complaints, name: letter.name };
}

/** Chooses, checks, signs; `section` is the ballot among those of the page. */
export async function vote({ page, name }, node, number, choice, section = 0, isLooked = true) {
  if (new URL(page.url()).hash !== `#/assemblies/${number}`) await page.goto(`${node.http}/#/assemblies/${number}`);
  const ballot = page.locator('main article section').nth(section);
  await ballot.locator('button.big').nth(choice).click();
  if (isLooked) await isUsable(page, `${name} reviews`);
  await ballot.locator('button.primary.big').click();
  await ballot.locator('.tracker').waitFor();
}
