// A caretaker's morning, in French before a wide screen: what happened in the night, how bad it is, since when, whether it
// was like that a week ago; then the alert is taken, explained to a colleague in figures, and closed with a reason.
import { get, past, until } from './neighbourhood.mjs';
import { check, drawn, expect, isUsable, visit } from './visitor.mjs';

const SCREEN = { width: 1440, height: 900, locale: 'fr-BE' };

export async function caretaker(browser, net, building) {
  const node = net.nodes.find((it) => it.name === building);
  const elevator = `${building}-ELEVATOR_1`;
  // A lift of an office: warm when people come and go, cool at night.
  const busy = (t) => Math.max(0, Math.sin((((t / 3_600_000) % 24) - 6) * (Math.PI / 12))) * (0.8 + 0.2 * Math.sin(t / 1.3e6));
  const rounded = (value) => Math.round(value * 100) / 100;
  await past(node, elevator, { days: 8, everyMs: 60_000 }, (t) => ({
    motor_temp: rounded(38 + 24 * busy(t) + Math.sin(t / 4e6)),
    current_a: rounded(4 + 9 * busy(t) + 0.3 * Math.sin(t / 1.7e6)),
  }));
  const { context, page, complaints, go, picture } = await visit(browser, node, SCREEN);
  const step = (name, run) => check(`caretaker: ${name}`, run);
  const alert = (await get(node, '/api/v1/alerts?status=open')).items.find((it) => it.asset === elevator);

  await step('the sites say at a glance what is wrong, and how the other buildings are', async () => {
    expect((await page.locator('html').getAttribute('lang')) === 'fr', 'the page speaks the language of the browser');
    await page.locator(`a[href="#/assets/${elevator}"] svg.alert`).first().waitFor();
    const others = page.locator('section[aria-labelledby=others] li');
    const { items } = await get(node, '/api/v1/operator/buildings');
    await until('every other building is listed', 30_000, async () => (await others.count()) === items.filter((it) => !it.this).length);
    await isUsable(page, 'the sites');
    await picture('caretaker-sites', false);
  });
  await step('the curve is drawn in every range, with its threshold and last week', async () => {
    await page.locator(`a[href="#/assets/${elevator}"]`).click();
    await drawn(page);
    const ranges = page.locator('.bar .filter button');
    for (const [index, length] of [3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400].entries()) {
      await ranges.nth(index).click();
      await page.waitForFunction((wanted) => {
        const { from, to } = document.querySelector('.plot').dataset;
        return Math.abs(to - from - wanted) <= 2;
      }, length);
      await drawn(page);
    }
    await ranges.nth(2).click();
    await page.locator('.compare input').check();
    await drawn(page);
    await isUsable(page, 'the asset');
    await picture('caretaker-curves');
    await ranges.nth(0).click();
  });
  await step('keys zoom and read values, the table and the file hold the same', async () => {
    const plot = page.locator('.plot').first();
    const length = () => plot.evaluate(({ dataset }) => dataset.to - dataset.from);
    await plot.focus();
    const before = await length();
    await page.keyboard.press('+');
    await until('half as long', 5_000, async () => Math.abs((await length()) - before / 2) < 5);
    await page.keyboard.press('ArrowLeft');
    await until('the value is said', 5_000, async () => /\d/.test(await page.locator('figure p[aria-live]').first().innerText()));
    await page.keyboard.press('0');
    await until('back to now', 5_000, async () => Math.abs((await length()) - 3600) < 5);
    await page.locator('figure summary').first().click();
    await page.locator('figure tbody tr').first().waitFor();
    await isUsable(page, 'the table');
    const file = await page.request.get(`${node.http}${await page.locator('a.csv').first().getAttribute('href')}`);
    const text = await file.text();
    expect(file.ok() && text.split('\n').length > 2, `the file: ${file.status()} ${text.slice(0, 200)}`);
  });
  await step('the alert tells in French what happened, with the window that was looked at', async () => {
    await go('#/alerts');
    await isUsable(page, 'the alerts');
    await page.locator(`a[href="#/alerts/${alert.id}"]`).first().click();
    await page.locator('.told', { hasText: /Température du moteur : .*80\s°C/ }).waitFor();
    await drawn(page);
    expect((await page.locator('dd.rested span').count()) > 0, 'the readings it rested on');
    await isUsable(page, 'the alert');
    await picture('caretaker-alert');
  });
  await step('it is acknowledged, then closed with a reason', async () => {
    await page.locator('button.primary').click();
    const now = async () => (await get(node, `/api/v1/alerts?asset=${elevator}`)).items.find((it) => it.id === alert.id);
    await until('somebody has seen it', 10_000, async () => (await now()).status === 'ack');
    await page.locator('main button.button').first().click();
    await page.locator('.chip').first().click();
    await isUsable(page, 'the question');
    await page.locator('form button.primary').click();
    await until('it is closed', 10_000, async () => (await now()).status === 'closed');
    await page.locator('.course .closed').waitFor();
    if ('ending' in (await now())) expect((await now()).ending?.reason, 'the reason was kept');
  });
  await step('the console had nothing to complain about', () => expect(complaints.length === 0, [...new Set(complaints)].join('\n')));
  await context.close();
}
