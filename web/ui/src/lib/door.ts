// Getting in: what the door asks the node, and whether somebody may do a thing.

import { ask, get, type Page } from './api';

export type Role = 'operator' | 'technician';

/** Who this browser is, and what should be known before signing in. */
export interface Door {
  signed_in: boolean;
  name?: string | null;
  role?: Role | 'resident' | null;
  /** Of the building's registry, for a resident. */
  person?: number | null;
  needs_claim?: boolean;
  https?: boolean;
  fingerprint?: string | null;
  expires?: string | null;
}

export interface Person {
  id: string;
  name: string;
  role: Role;
  active: boolean;
  created: string;
  seen?: string | null;
  code?: string | null;
  code_expires?: string | null;
}

export interface SignedIn {
  id: string;
  name: string;
  role: Role;
  device: string;
  created: string;
  seen: string;
  expires: string;
  this: boolean;
}

export const PASSWORD_MIN = 10;

export const withPassword = (name: string, password: string) =>
  ask<Door>('POST', '/api/v1/session', { name: name.trim(), password });
export const withToken = (token: string) => ask<Door>('POST', '/api/v1/session', { token: token.trim() });
export const withCode = (code: string, name: string, password: string) =>
  ask<Door>('POST', '/api/v1/claim', { code: tidy(code), name: name.trim(), password });
export const changePassword = (old: string, password: string) =>
  ask<Door>('PUT', '/api/v1/session/password', { old, password });

export const people = () => get<Page<Person>>('/api/v1/users');
export const addPerson = (name: string, role: Role) => ask<Person>('POST', '/api/v1/users', { name: name.trim(), role });
export const changePerson = (id: string, change: { role?: Role; new_code?: boolean }) =>
  ask<Person>('PATCH', `/api/v1/users/${id}`, change);
export const removePerson = (id: string) => ask<void>('DELETE', `/api/v1/users/${id}`);

export const sessions = () => get<Page<SignedIn>>('/api/v1/sessions');
export const endSession = (id: string) => ask<void>('DELETE', `/api/v1/sessions/${id}`);
export const endAll = () => ask<unknown>('DELETE', '/api/v1/sessions?all=true');

/** The address of this page that carries a code in its fragment, which no server ever sees. */
export const claimLink = (code: string) => `${location.origin}/#/claim/${tidy(code)}`;

/** A code as it is compared: letters and digits only. */
export const tidy = (code: string) => code.toUpperCase().replace(/[^A-Z0-9]/g, '');

/** A code as it is read out: in three groups of four. */
export const grouped = (code: string) => tidy(code).replace(/(.{4})(?=.)/g, '$1-');

/** The code in the address of a page, if there is one. */
export function codeIn(hash: string): string | null {
  const found = /^#\/claim(?:\/([\w-]*))?$/.exec(hash);
  return found ? tidy(found[1] ?? '') : null;
}
