// A technician's visit with a phone in one hand: the order, what broke, taking it, a dead zone in the cellar, notes and a
// photo, and done. Once in French, once in Arabic.
import { get, until } from './neighbourhood.mjs';
import { check, drawn, expect, isUsable, visit } from './visitor.mjs';

const PHONE = { width: 390, height: 844, touch: true };
const NAME = 'Samira';

/** A photo as a phone makes it: 12 megapixels, and where it was taken written into it. */
async function photo(browser) {
  const page = await browser.newPage({ viewport: { width: 2016, height: 1512 }, deviceScaleFactor: 2 });
  await page.setContent('<body style="margin:0;background:linear-gradient(135deg,#223,#a63 55%,#fc7)"><h1 style="font:180px sans-serif;color:#fff;margin:2em">M1</h1>');
  const jpeg = await page.screenshot({ type: 'jpeg', quality: 92 });
  await page.close();
  const place = Buffer.concat([Buffer.from('Exif\0\0'), Buffer.from('GPSLatitude 33.5233 N')]);
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, place.length + 2]), place]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}

export async function technician(browser, net, building, locale) {
  const node = net.nodes.find((it) => it.name === building);
  const elevator = `${building}-ELEVATOR_1`;
  const code = locale.slice(0, 2);
  const who = `technician (${code})`;
  const visitor = { ...PHONE, locale, remember: { 'symbiose.me': NAME } };
  const { context, page, complaints, go, picture } = await visit(browser, node, visitor);
  const step = (name, run) => check(`${who}: ${name}`, run);
  const { id } = (await get(node, '/api/v1/workorders?local=true')).items.find((it) => it.asset === elevator && it.status === 'open');
  const ours = async () => (await get(node, '/api/v1/workorders')).items.find((order) => order.id === id);
  const notes = code === 'ar' ? 'استُبدل الحزام، يُراقَب المحرّك' : 'Courroie remplacée, moteur à surveiller';

  await step('the order is the first of the list', async () => {
    expect((await page.locator('html').getAttribute('dir')) === (code === 'ar' ? 'rtl' : 'ltr'), 'the direction of the language');
    await go('#/work');
    await page.locator(`article a[href="#/work/${id}"]`).waitFor();
    await isUsable(page, 'the list');
    await picture(`technician-${code}-list`, false);
    await page.locator(`article a[href="#/work/${id}"]`).click();
  });
  await step('what broke is told and drawn, with the last readings and the next step under the thumb', async () => {
    await page.locator('.told').waitFor();
    await drawn(page);
    expect((await page.locator('.values li').count()) > 0, 'the last readings');
    const { y, height } = await page.locator('.act button').boundingBox();
    expect(height >= 44 && y > PHONE.height / 2 && y + height < PHONE.height, `the button lies at ${y}, ${height} px high`);
    const small = await page.locator('main :is(button, .button, summary, a.csv)').evaluateAll((all) => all.filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 43.5).map((it) => it.outerHTML.slice(0, 120)));
    expect(small.length === 0, `too small for a thumb: ${small.join('\n')}`);
    await isUsable(page, 'the order');
    await picture(`technician-${code}-order`, false);
  });
  await step('it is taken with one tap and started with another', async () => {
    await page.locator('.assign button').first().tap();
    await until('it is hers', 15_000, async () => (await ours()).assignee === NAME);
    await page.locator('.act button').tap();
    await until('it is in progress', 15_000, async () => (await ours()).status === 'in_progress');
  });
  await step('notes typed in a dead zone are kept, survive a reload, and are sent', async () => {
    const quiet = complaints.length;
    await context.setOffline(true);
    await page.locator('textarea').fill(notes);
    await page.locator('textarea ~ * button, form:has(textarea) button[type=submit]').first().tap();
    await page.locator('.away').waitFor();
    await isUsable(page, 'the dead zone');
    await picture(`technician-${code}-offline`, false);
    await context.setOffline(false);
    complaints.length = quiet;
    await page.reload();
    await page.locator('textarea').waitFor();
    expect((await page.locator('textarea').inputValue()) === notes || (await ours()).notes === notes, 'the notes are still there');
    if ((await ours()).notes !== notes) await page.locator('form:has(textarea) button[type=submit]').tap();
    await until('the node has them', 15_000, async () => (await ours()).notes === notes);
  });
  await step('a photo leaves small and without the place', async () => {
    await page.locator('input[capture]').setInputFiles({ name: 'cellar.jpg', mimeType: 'image/jpeg', buffer: await photo(browser) });
    await page.locator('.thumb img').first().waitFor();
    const address = await page.locator('.thumb img').first().getAttribute('src');
    const kept = await (await page.request.get(`${node.http}${address}`)).body();
    expect(!kept.includes('GPSLatitude') && !kept.includes('Exif'), 'the place is gone');
    expect(kept.length < 1_000_000, `${kept.length} bytes`);
    await page.waitForFunction(() => document.querySelector('.thumb img').naturalWidth > 0);
    const [width, height] = await page.locator('.thumb img').first().evaluate((it) => [it.naturalWidth, it.naturalHeight]);
    expect(Math.max(width, height) === 1600, `${width} × ${height}`);
    await page.locator('.thumb').first().tap();
    await page.locator('dialog[open] img').waitFor();
    await isUsable(page, 'the photo');
    await picture(`technician-${code}-photo`, false);
    await page.locator('dialog button.primary').tap();
    return `${Math.round(kept.length / 1000)} kB`;
  });
  await step('it is done and on the ledger', async () => {
    await page.locator('.act button').tap();
    await until('it is done and final', 20_000, async () => {
      const order = await ours();
      return order.status === 'done' && order.ledger;
    });
    await picture(`technician-${code}-done`);
  });
  await step('the console had nothing to complain about', () => expect(complaints.length === 0, [...new Set(complaints)].join('\n')));
  await context.close();
}
