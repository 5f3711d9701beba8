import { describe, expect, it } from 'vitest';
import { asSaid, inWords } from './enquiry';
import { en as q } from '../words/enquiry.en';
import { en as i } from '../words/incident.en';

const empty = { when: '', cause: '', remedy: '', outcome: '', span: '', cost_eur: '', contractor: '', words: '', contact: '' };
const tell = (form: Partial<typeof empty>) => inWords(asSaid({ ...empty, ...form }), i, q, (text) => `in ${text}`, String);

describe('a reply', () => {
  it('says what was filled in and nothing else', () => {
    expect(tell({})).toEqual([]);
    expect(tell({ when: '2026-03', remedy: 'part_replaced', cost_eur: '480', words: ' Ask M. Claes \n' })).toEqual([
      ['When', 'in 2026-03'],
      ['What was done', 'Part replaced'],
      ['Cost in euro', '480'],
      ['Free text', 'Ask M. Claes'],
    ]);
  });

  it('tells a cost of nothing from no cost', () => {
    expect(tell({ cost_eur: '0' })).toEqual([['Cost in euro', '0']]);
    expect(asSaid(empty).cost_eur).toBeNull();
  });
});
