import type { CopyTools } from '../../src/facts/directory-copy.ts';
import { copyTools } from '../../src/facts/directory-copy.ts';
import { readHere } from '../facts/real-shell.ts';

/** What this machine copies with. */
export const here = readHere(copyTools);

/** Each way of copying, by leaving out what would be preferred to it. */
export const methods: readonly [string, CopyTools][] = [
  ['rsync', here],
  ['cp', { ...here, rsync: null }],
  ['tar', { ...here, rsync: null, cp: false }],
];
