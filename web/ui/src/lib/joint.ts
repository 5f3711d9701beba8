// Questions that several buildings decide together. The ledger is told the hash of the text; each building's resolution
// names the text as one of its documents.

import { blake3 } from '@noble/hashes/blake3.js';
import type { components } from '../api';
import { ask, get, type Page } from './api';
import { bytes, encode, hex, type Item } from './cbor';

export type JointQuestion = components['schemas']['JointQuestionView'];
export type Needed = 'All' | 'Majority' | 'TwoThirds' | 'FourFifths';
export const NEEDED: Record<string, Needed> = { all: 'All', majority: 'Majority', 'two-thirds': 'TwoThirds', 'four-fifths': 'FourFifths' };

export interface Asked {
  text: string;
  /** Addresses, 40 hex digits each. */
  buildings: string[];
  lead: string;
  needed: Needed;
  /** The most a group purchase may cost, micro-EUR; none where people see to it. */
  most: number | null;
}

export const jointQuestions = async () => (await get<Page<JointQuestion>>('/api/v1/assemblies/joint')).items;

export const textHash = (text: string) => hex(blake3(new TextEncoder().encode(text)));

/** The question in the ledger's own encoding. */
export function jointQuestion({ text, buildings, lead, needed, most }: Asked): Uint8Array {
  const effect: Item = most === null ? 'Nothing' : { variant: 'Purchase', of: most };
  const asked = [...new Set(buildings)].sort().map(bytes);
  return encode([bytes(textHash(text)), asked, needed, bytes(lead), effect]);
}

export const askJointly = (asked: Asked) => ask('POST', '/api/v1/governance', { kind: 'ask_jointly', question: hex(jointQuestion(asked)) });
