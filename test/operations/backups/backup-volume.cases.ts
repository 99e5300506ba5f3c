import { join } from 'node:path';
import {
  backupHost,
  encrypted,
  encryptedBackup,
  oneBackup,
  oneEncrypted,
} from '../../faults/invariants/backup-invariants.ts';
import { runsAtEnd, volumeIsSafe } from '../../faults/invariants/volume-invariants.ts';
import { aVolume } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { backupWorld, recipient } from './world.ts';

export const cases: OperationCases = {
  law: [
    {
      want: { volume: 'foo', to: { laptop: 'kept' }, consistency: 'pause', keep: 2 },
      world: backupWorld(),
    },
    {
      of: 'that encrypts',
      want: { volume: 'foo', to: { path: '/kept' }, consistency: 'stop', encrypt_to: [recipient] },
      world: backupWorld(),
    },
  ],
  faults: [
    {
      on: 'to the laptop, a container is stopped',
      host: backupHost,
      reversible: true,
      powerSafe: true,
      steps: () => [{ name: 'Back up', backup_volume: { volume: 'foo-0', to: { laptop: '.' }, consistency: 'stop' } }],
      invariants: volumeIsSafe,
      atEnd: async (where, { laptop }) => [...(await runsAtEnd(where)), ...(await oneBackup(laptop))],
    },
    {
      on: 'to another host, a container is stopped',
      host: backupHost,
      peer: { name: 'there', kind: 'overlay2-plain' },
      reversible: false,
      powerSafe: true,
      steps: ({ files }) => [
        {
          name: 'Back up',
          backup_volume: { volume: 'foo-0', to: { host: 'there', path: join(files, 'kept') }, consistency: 'stop' },
        },
      ],
      invariants: volumeIsSafe,
      atEnd: async (where, { files }) => [...(await runsAtEnd(where)), ...(await oneBackup(join(files, 'kept')))],
    },
    {
      ...encrypted,
      on: 'encrypted to the laptop, a container is stopped',
      reversible: true,
      steps: () => [encryptedBackup],
      atEnd: async (where, places) => [...(await runsAtEnd(where)), ...(await oneEncrypted(where, places))],
    },
  ],
  steps: {
    themes: ['volumes'],
    make: (given) => {
      const {
        pick,
        places: { files },
      } = given;
      const to = [{ laptop: 'backups' }, { path: `${files}/kept` }];
      const kept = {
        consistency: pick.of(['stop', 'live', 'pause']),
        ...pick.sometimes({ content_list: false }),
        ...pick.sometimes({ keep: 1 }),
      };
      return { input: { volume: aVolume(given), to: pick.of(to), ...kept }, again: true };
    },
  },
};
