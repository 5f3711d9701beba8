// The page of the day's balance, after the day in 2030 was played on real nodes: on a phone and on a wide screen, in four
// languages. The wide one in French is the README's picture. DAY_PLAYED=1 looks at a day that was played before.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { resume } from './neighbourhood.mjs';
import { check, expect, isUsable, listen, pictures, programs } from './visitor.mjs';

const VISITS = [
  { name: 'wide-fr', width: 1280, height: 800, locale: 'fr-BE' },
  { name: 'wide-ar', width: 1280, height: 800, locale: 'ar-MA' },
  { name: 'phone-nl', width: 390, height: 844, locale: 'nl-BE' },
  { name: 'phone-ar', width: 390, height: 844, locale: 'ar-MA' },
  { name: 'phone-en', width: 390, height: 844, locale: 'en-GB' },
];
/** Moments of the first building's day: sun sold, a leak and its repair, heating moved, a decision. */
const MOMENTS_MIN = 5;

/** Plays the day and looks at what it came to in its first building. */
export async function day(browser) {
  const dir = path.join(pictures, 'day');
  const env = { ...process.env, SYMBIOSE_BIN: path.join(programs, 'symbiose') };
  if (!process.env.DAY_PLAYED) {
    const played = spawnSync(path.join(programs, 'testnet'), ['run', 'day-2030', '--dir', dir], { env, encoding: 'utf8' });
    expect(played.status === 0, played.stdout + played.stderr);
  }
  const net = await resume(programs, dir);
  try {
    for (const visit of VISITS) await check(`the day, ${visit.name}`, () => look(browser, net.nodes[0], visit));
  } finally {
    await net.stop();
  }
}

async function look(browser, node, { name, width, height, locale }) {
  const context = await browser.newContext({ viewport: { width, height }, locale, timezoneId: 'UTC', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = listen(page);
  await page.goto(`${node.http}/#/today`);
  const secret = page.locator('form input[autocomplete=current-password]');
  await page.locator('form input').first().waitFor();
  if (!(await secret.isVisible()) || (await page.locator('#name').isVisible())) await page.locator('.ways button').last().click();
  await secret.fill(node.token);
  await page.locator('form button[type=submit]').click();
  await page.locator('.story ol li time').first().waitFor();
  const moments = await page.locator('.story ol li time').count();
  expect(moments >= MOMENTS_MIN, `${moments} moments`);
  await isUsable(page, name);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: path.join(pictures, `day-${name}.png`), fullPage: true });
  expect(complaints.length === 0, complaints.join('\n'));
  await context.close();
  return `${moments} moments`;
}
