// A neighbourhood under the testnet command, and its nodes over HTTP, for the browser to look at.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LIFE_MAX = '15m';
const READY_MS_MAX = 60_000;

/** Looks until `look` answers something true; fails with `what` and the last complaint after `limitMs`. */
export async function until(what, limitMs, look) {
  const deadline = Date.now() + limitMs;
  let complaint = 'nothing';
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen;
    } catch (error) {
      complaint = error.message;
    }
    if (Date.now() >= deadline) throw new Error(`${what}: not within ${limitMs / 1000} s; last: ${complaint}`);
    await pause(50);
  }
}

/** Starts a neighbourhood in `dir` and waits until every node is ready. */
export async function start(programs, dir, flags) {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  return up(programs, dir, ['--reset', ...flags]);
}

/** Lets a neighbourhood that was stopped in `dir` go on where it was, to be looked at: nothing is measured any more. */
export const resume = (programs, dir) => up(programs, dir, ['--unfed']);

async function up(programs, dir, flags) {
  const testnet = path.join(programs, 'testnet');
  const env = { ...process.env, SYMBIOSE_BIN: path.join(programs, 'symbiose') };
  const log = openSync(`${dir}.log`, 'w');
  const child = spawn(testnet, ['up', '--json', '--for', LIFE_MAX, '--dir', dir, ...flags], {
    env,
    stdio: ['ignore', log, log],
  });
  const net = path.join(dir, 'net.json');
  const tell = (...words) => {
    const said = spawnSync(testnet, [...words, '--dir', dir], { env, encoding: 'utf8' });
    if (said.status !== 0) throw new Error(`testnet ${words.join(' ')}: ${said.stderr}`);
  };
  try {
    await until('every node is ready', READY_MS_MAX, () => {
      if (child.exitCode !== null) throw new Error(`the testnet ended: ${readFileSync(`${dir}.log`, 'utf8')}`);
      return existsSync(net);
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    nodes: JSON.parse(readFileSync(net, 'utf8')).nodes,
    symbiose: env.SYMBIOSE_BIN,
    tell,
    async stop() {
      child.kill('SIGTERM');
      await until('the testnet ends', 20_000, () => child.exitCode !== null || child.signalCode !== null).catch(() =>
        child.kill('SIGKILL'),
      );
    },
  };
}

/** JSON of one route of a node. */
export async function get(node, route) {
  const answer = await fetch(`${node.http}${route}`, { headers: { authorization: `Bearer ${node.token}` } });
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Says something to a node as its operator; the JSON it answers. */
export async function send(node, method, route, body) {
  const headers = { authorization: `Bearer ${node.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${node.http}${route}`, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const DAY_MS = 86_400_000;
const LINES_MAX = 5_000;

/** Hands in what an asset measured before the neighbourhood began: `metrics` gives the values of a moment. Answers how many readings. */
export async function past(node, asset, { days, everyMs }, metrics) {
  const { items } = await get(node, `/api/v1/assets/${asset}/metrics?limit=1`);
  const end = Date.parse(items[0]?.t ?? (await get(node, '/api/v1/node')).time);
  const [site] = asset.split(/-(?=[A-Z]+_\d+$)/);
  const lines = [];
  for (let t = end - days * DAY_MS; t < end; t += everyMs) {
    lines.push(JSON.stringify({ site_code: site, asset_code: asset, timestamp: new Date(t).toISOString(), metrics: metrics(t) }));
  }
  for (let at = 0; at < lines.length; at += LINES_MAX) await handIn(node, asset, lines.slice(at, at + LINES_MAX).join('\n'));
  return lines.length;
}

/** The lane for late readings is narrow on purpose: the node says when to come again. */
async function handIn(node, asset, body, patience = 30) {
  const headers = { authorization: `Bearer ${node.token}`, 'content-type': 'application/x-ndjson' };
  const answer = await fetch(`${node.http}/api/v1/telemetry/bulk`, { method: 'POST', headers, body });
  if (answer.ok) return;
  const again = Number(answer.headers.get('retry-after'));
  if (answer.status !== 429 || !again || patience === 0) throw new Error(`the past of ${asset}: ${answer.status} ${await answer.text()}`);
  await new Promise((resolve) => setTimeout(resolve, again * 1000));
  await handIn(node, asset, body, patience - 1);
}
