import { begunCopies } from '../../../src/facts/copies/begun-copy.ts';
import { copiedRecord } from '../../../src/facts/copies/copied-record.ts';
import { containerUsesIfAny, copySource } from '../../../src/facts/copies/copy-source.ts';
import type { CopyDirectory, CopyTools } from '../../../src/facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../../src/facts/copies/directory-copy.ts';
import { stoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { ask } from '../../../src/facts/fact.ts';
import { Answers } from '../known.ts';

/** Of the programs that copy. */
export const everything: CopyTools = {
  rsync: [3, 2, 7],
  cp: true,
  tar: true,
  manifest: true,
  getfattr: true,
  getfacl: true,
};

type Directory = Extract<CopyDirectory, { readonly kind: 'directory' }>;

/** A directory that holds something, where nothing else is said. */
export function directory(path: string, more: Partial<Directory> = {}): Directory {
  return {
    kind: 'directory',
    path,
    identity: `8:${path}`,
    born: 5,
    mode: '0755',
    owner: '0:0',
    mountsBelow: [],
    allocatedBytes: 40_960,
    apparentBytes: 30_000,
    entries: 7,
    availableBytes: 1e9,
    inodesTotal: 1000,
    inodesAvailable: 900,
    ...more,
  };
}
export const empty = { entries: 0, allocatedBytes: 4096, apparentBytes: 4096 };

/** /a holds something, /b nothing, and nothing was ever copied. */
export const directoriesWorld = (): Answers =>
  new Answers()
    .set(ask(copyTools), everything)
    .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: [] })
    .set(ask(stoppedForCopies), { directory: '/var/lib/plimsoll/stopped', all: [] })
    .set(ask(copiedRecord, '/a', '/b'), null)
    .set(ask(copySource, '/a'), { sockets: 0, fixed: 0, firstFixed: [] })
    .set(ask(containerUsesIfAny), [])
    .set(ask(copyDirectory, '/a'), directory('/a'))
    .set(ask(copyDirectory, '/b'), directory('/b', empty));
