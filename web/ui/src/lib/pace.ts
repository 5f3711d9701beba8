// How fast the hive's blocks follow each other, so that people read hours where the law counts blocks.

import { get, type Page } from './api';
import type { components } from '../api';

type Schemas = components['schemas'];
/** Blocks that are looked back over: enough to have both busy and quiet ones in it. */
const BACK = 200;
/** How long an answer is good for, milliseconds. */
const KEPT_MS = 60_000;

let asked: { at: number; pace: Promise<number | null> } | null = null;

/** Seconds between two blocks; nothing where too few blocks tell. */
export function secondsPerBlock(newest: { height: number; time: string }, earlier: { height: number; time: string }): number | null {
  const blocks = newest.height - earlier.height;
  const seconds = (Date.parse(newest.time) - Date.parse(earlier.time)) / 1000;
  return blocks > 0 && seconds > 0 ? seconds / blocks : null;
}

async function look(): Promise<number | null> {
  const newest = (await get<Page<Schemas['BlockSummary']>>('/api/v1/ledger/blocks?limit=1')).items[0];
  if (!newest || newest.height < 2) return null;
  const earlier = await get<Schemas['BlockView']>(`/api/v1/ledger/blocks/${Math.max(1, newest.height - BACK)}`);
  return secondsPerBlock(newest, earlier);
}

/** Seconds between two blocks of late, asked for once a minute at most. */
export function pace(): Promise<number | null> {
  if (asked === null || Date.now() - asked.at > KEPT_MS) asked = { at: Date.now(), pace: look().catch(() => null) };
  return asked.pace;
}
