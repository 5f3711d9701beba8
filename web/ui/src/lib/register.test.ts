import { expect, test } from 'vitest';
import { appointed, begun, dismissed, movedIn, movedOut, renamed, titleOn, transferred, withNewLot, withPerson } from './register';

const full = (person: number, parts = 1) => ({ person, right: 'full' as const, parts });

function house() {
  const ada = withPerson(begun('be-2020', '2020-01-01'), ' Ada ', false);
  const ben = withPerson(ada.registry, 'Ben', false);
  return withNewLot(ben.registry, { name: '1A', kind: 'dwelling', votes: 600, owner: ada.id, from: '2020-01-01' });
}

test('a lot changes hands on its day, and what was before stays', () => {
  const after = transferred(house(), 1, '2030-06-15', [full(1), full(2)], 2);
  const [lot] = after.lots;
  if (!lot) throw new Error('a lot');
  expect(lot.titles).toHaveLength(2);
  expect(titleOn(lot, '2030-06-14')?.owners).toEqual([full(1)]);
  expect(titleOn(lot, '2030-06-15')).toEqual({ from: '2030-06-15', whole: 2, owners: [full(1), full(2)], representative: 2 });
  const alone = transferred(after, 1, '2030-06-15', [full(2)], 2).lots[0];
  expect(alone?.titles.at(-1)).toEqual({ from: '2030-06-15', whole: 1, owners: [full(2)], representative: null });
});

test('bare property and usufruct: the parts add up without the usufruct', () => {
  const owners = [{ person: 1, right: 'bare' as const, parts: 1 }, { person: 2, right: 'usufruct' as const, parts: 1 }];
  expect(transferred(house(), 1, '2030-01-01', owners, 2).lots[0]?.titles.at(-1)?.whole).toBe(1);
});

test('who moves in follows who moves out', () => {
  const first = movedIn(house(), 1, 2, '2024-03-01');
  const second = movedIn(first, 1, 1, '2025-03-01');
  expect(second.lots[0]?.occupants).toEqual([{ person: 2, from: '2024-03-01', until: '2025-02-28' }, { person: 1, from: '2025-03-01', until: null }]);
  expect(movedOut(first, 1, 2, '2024-12-31').lots[0]?.occupants[0]?.until).toBe('2024-12-31');
});

test('names are put right, offices begin and end, the sum follows the lots', () => {
  const one = house();
  expect([one.votes, one.persons[0]?.name]).toEqual([600, 'Ada']);
  expect(renamed(one, 2, ' Bén ').persons[1]?.name).toBe('Bén');
  const office = appointed(one, 2, 'syndic', '2024-01-01');
  expect(dismissed(office, 2, 'syndic', '2026-12-31').offices).toEqual([{ person: 2, duty: 'syndic', from: '2024-01-01', until: '2026-12-31' }]);
});
