import type { CopyTools } from '../../src/facts/copies/directory-copy.ts';
import { copyTools } from '../../src/facts/copies/directory-copy.ts';
import { readHere } from '../facts/real-shell.ts';
import type { NeedName } from '../support/needs.ts';

/** What this machine copies with. */
export const here = readHere(copyTools);

/** Each way of copying, by leaving out what would be preferred to it; and what a test by it needs. */
export const methods: readonly (readonly ['rsync' | 'cp' | 'tar', CopyTools, NeedName])[] = [
  ['rsync', here, 'lab:rsync'],
  ['cp', { ...here, rsync: null }, 'cp'],
  ['tar', { ...here, rsync: null, cp: false }, 'tar'],
];
