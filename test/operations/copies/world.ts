import { begunCopies } from '../../../src/facts/copies/begun-copy.ts';
import { copiedRecord } from '../../../src/facts/copies/copied-record.ts';
import { containerUsesIfAny, copySource } from '../../../src/facts/copies/copy-source.ts';
import { copyDirectory, copyTools } from '../../../src/facts/copies/directory-copy.ts';
import { stoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { ask } from '../../../src/facts/fact.ts';
import { Answers } from '../known.ts';

const directory = {
  kind: 'directory',
  path: '/a',
  identity: '1:1',
  born: 1,
  mode: '0755',
  owner: '0:0',
  mountsBelow: [],
  allocatedBytes: 1,
  apparentBytes: 1,
  entries: 1,
  availableBytes: 9,
  inodesTotal: 9,
  inodesAvailable: 9,
} as const;

/** /a holds something, /b nothing, and nothing was ever copied. */
export const directoriesWorld = (): Answers =>
  new Answers()
    .set(ask(copyTools), { rsync: [3, 2, 7], cp: true, tar: true, manifest: true, getfattr: true, getfacl: true })
    .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: [] })
    .set(ask(stoppedForCopies), { directory: '/var/lib/plimsoll/stopped', all: [] })
    .set(ask(copiedRecord, '/a', '/b'), null)
    .set(ask(copySource, '/a'), { sockets: 0, fixed: 0, firstFixed: [] })
    .set(ask(containerUsesIfAny), [])
    .set(ask(copyDirectory, '/a'), directory)
    .set(ask(copyDirectory, '/b'), { ...directory, path: '/b', identity: '1:2', entries: 0 });
