// Somebody who may write, and writes markup: into every text that the page shows to others. It must be read as text, and
// should any of it ever become markup, the content policy must still hold.
import { get, until } from './neighbourhood.mjs';
import { check, expect, visit } from './visitor.mjs';

/** Runs in three ways if it is ever taken for markup, and can be told from its like by its number. */
const markup = (number) => `"'><img src=x onerror=__got=${number}><b>${number}`;

/** Sends JSON as an operator's script does; answers what came back. */
async function write(node, method, route, body) {
  const headers = { authorization: `Bearer ${node.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${node.http}${route}`, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  expect(answer.ok, `${method} ${route}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Plants markup wherever somebody's words are kept. Answers the pages to look at, with the numbers to be read there. */
async function plant(node, building) {
  const elevator = `${building}-ELEVATOR_1`;
  await write(node, 'POST', '/api/v1/sites', { code: 'X-1', name: markup(1) });
  await write(node, 'POST', '/api/v1/users', { name: markup(2), role: 'technician' });
  const policy = { asset_kind: 'ELEVATOR', metric: 'motor_temp', rule: 'threshold', threshold: 20, window_minutes: 1, severity: 'low' };
  const added = await write(node, 'POST', '/api/v1/policies', { ...policy, message: markup(3), description: markup(4), work_order: false });
  await write(node, 'PUT', '/api/v1/metrics/x_1', { unit: '<i>5</i>', kind: 'gauge' });
  const order = (await get(node, '/api/v1/workorders?local=true')).items.find((it) => it.status !== 'done');
  await write(node, 'PATCH', `/api/v1/workorders/${order.id}`, { notes: markup(6), assignee: markup(7) });
  const swap = { metric: 'door_cycles', at: (await get(node, '/api/v1/node')).time, end_reading: 1, start_reading: 0, note: markup(8) };
  await write(node, 'POST', `/api/v1/assets/${elevator}/swaps`, swap);
  const alert = await until('the planted policy raises its alert', 60_000, async () => {
    const { items } = await get(node, '/api/v1/alerts');
    return items.find((it) => it.message.includes('__got=3'));
  });
  await write(node, 'POST', `/api/v1/alerts/${alert.id}/close`, { reason: markup(9) });
  const shown = { '': [1], [`alerts/${alert.id}`]: [3, 9], [`work/${order.id}`]: [6, 7], policies: [3], [`policies/${added.id}`]: [], people: [2] };
  const others = ['alerts', 'work', `assets/${elevator}`, 'metrics', 'hive', 'health', 'ledger', 'account', 'more'];
  return [...Object.entries(shown), ...others.map((it) => [it, []])];
}

/** Everything a visitor can read, also in fields and in what is folded away. */
const words = () => {
  document.querySelectorAll('details').forEach((it) => (it.open = true));
  const fields = [...document.querySelectorAll('input, textarea')].map((it) => it.value);
  return [document.body.textContent, ...fields].join('\n');
};

/** Elements that can only come from what was planted. */
const grown = () => [...document.querySelectorAll('img[src="x"], [onerror], [onload], b')].map((it) => it.outerHTML);

/** What happens to somebody who got as far as running a line on the page and wants to bring more. */
const breakIn = async () => {
  const refused = [];
  addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
  const attempts = {
    markup: () => (document.createElement('div').innerHTML = '<img src=x onerror="__got=1">'),
    script: () => {
      const script = document.createElement('script');
      script.textContent = '__got=1';
      document.head.append(script);
    },
    words: () => setTimeout('__got=1'),
    picture: () => (new Image().src = 'https://example.org/x.png'),
    handler: () => document.body.setAttribute('onclick', '__got=1'),
  };
  const through = [];
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      attempt();
    } catch {
      continue;
    }
    through.push(name);
  }
  document.body.click();
  await fetch('https://example.org/').catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { got: globalThis.__got, through, refused };
};

export async function intruder(browser, net, building) {
  const node = net.nodes.find((it) => it.name === building);
  const { context, page, complaints } = await visit(browser, node, { width: 1440, height: 900, locale: 'en-GB' });
  const step = (name, run) => check(`intruder: ${name}`, run);
  let planted;
  await step('markup is taken in where words are', async () => {
    planted = await plant(node, building);
  });
  if (!planted) return context.close();
  for (const [route, numbers] of planted) {
    await step(`it stays text on ${route || 'the first page'}`, async () => {
      await page.goto(`${node.http}/#/${route}`);
      await page.locator('h1').first().waitFor();
      await until('it is read', 10_000, async () => {
        const read = await page.evaluate(words);
        const missing = numbers.filter((number) => !read.includes(markup(number)));
        if (missing.length > 0) throw new Error(`never seen: ${missing.join(', ')}`);
        return true;
      });
      const elements = await page.evaluate(grown);
      expect(elements.length === 0, `markup grew: ${elements.join('\n')}`);
      expect((await page.evaluate(() => globalThis.__got)) === undefined, 'it ran');
    });
  }
  await step('the console had nothing to complain about', () => expect(complaints.length === 0, [...new Set(complaints)].join('\n')));
  await step('the content policy holds when something gets in all the same', async () => {
    const { got, refused, through } = await page.evaluate(breakIn);
    expect(got === undefined, `it ran: ${got} by ${through.join(', ')}`);
    for (const kind of ['require-trusted-types-for', 'img-src', 'connect-src']) {
      expect(refused.some((it) => it.startsWith(kind)), `no ${kind} among ${refused.join(', ')}`);
    }
  });
  await context.close();
}
