// What a reply to a question says, word by word, in the order in which people read it.

import type { Told } from './api';
import type { EnquiryWords } from '../words/enquiry.fr';
import type { IncidentWords } from '../words/incident.fr';

/** Terms and values; what is not said is left out. */
export function inWords(reply: Told, i: IncidentWords, q: EnquiryWords, month: (text: string) => string, number: (euro: number) => string): [string, string][] {
  const said: [string, string | null | undefined][] = [
    [i.when, reply.when && month(reply.when)],
    [i.cause, reply.cause && (i.causes[reply.cause] ?? reply.cause)],
    [i.remedy, reply.remedy && (i.remedies[reply.remedy] ?? reply.remedy)],
    [i.outcome, reply.outcome && (i.outcomes[reply.outcome] ?? reply.outcome)],
    [i.span, reply.span && (i.spans[reply.span] ?? reply.span)],
    [q.cost, reply.cost_eur === null || reply.cost_eur === undefined ? null : number(reply.cost_eur)],
    [i.contractor, reply.contractor],
    [q.words, reply.words?.trim()],
    [q.contact, reply.contact?.trim()],
  ];
  return said.filter((one): one is [string, string] => Boolean(one[1]));
}

/** A form as it is sent: what is empty is not said. */
export function asSaid(form: { [Field in keyof Told]-?: string }): Told {
  const or = (text: string) => text.trim() || null;
  return {
    when: form.when,
    cause: or(form.cause),
    remedy: or(form.remedy),
    outcome: or(form.outcome),
    span: or(form.span),
    cost_eur: form.cost_eur === '' ? null : Number(form.cost_eur),
    contractor: or(form.contractor),
    words: form.words.trim(),
    contact: form.contact.trim(),
  };
}
