import { join } from 'node:path';
import {
  backupHost,
  encrypted,
  encryptedBackup,
  keyOf,
  oneBackup,
  oneEncrypted,
} from '../../faults/invariants/backup-invariants.ts';
import { isWhole, runsAtEnd, volumeIsSafe } from '../../faults/invariants/volume-invariants.ts';
import { aVolume } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { backup, restoreWorld, sealed, shelf } from './world.ts';

export const cases: OperationCases = {
  law: [
    {
      want: { volume: 'new', from: { laptop: 'kept' }, backup: 'foo', size: '40MiB' },
      world: restoreWorld(),
    },
    {
      of: 'that decrypts',
      want: { volume: 'new', from: { laptop: 'kept' }, backup: 'foo', identity: '/root/age.key' },
      world: restoreWorld({ kept: shelf([backup(sealed)]) }),
    },
  ],
  faults: [
    {
      on: 'from a backup on the host, with its quota',
      host: backupHost,
      reversible: false,
      powerSafe: true,
      steps: ({ files }) => [
        { name: 'Back up', backup_volume: { volume: 'foo-0', to: { path: join(files, 'kept') }, consistency: 'stop' } },
        {
          name: 'Restore',
          restore_volume: { volume: 'restored', from: { path: join(files, 'kept') }, backup: 'foo-0' },
        },
      ],
      invariants: volumeIsSafe,
      atEnd: async (where, { files }) => [
        ...(await runsAtEnd(where)),
        ...(await oneBackup(join(files, 'kept'))),
        ...(await isWhole(where, 'restored')),
      ],
    },
    {
      ...encrypted,
      on: 'from an encrypted backup on the laptop',
      reversible: false,
      steps: (places) => [
        encryptedBackup,
        {
          name: 'Restore',
          restore_volume: { volume: 'restored', from: { laptop: '.' }, backup: 'foo-0', identity: keyOf(places) },
        },
      ],
      atEnd: async (where, places) => [
        ...(await runsAtEnd(where)),
        ...(await oneEncrypted(where, places)),
        ...(await isWhole(where, 'restored')),
      ],
    },
  ],
  steps: {
    themes: ['volumes'],
    make: (given) => {
      const from = aVolume(given);
      const to = { path: `${given.places.files}/kept` };
      const first = { name: `Back ${from} up first`, backup_volume: { volume: from, to, consistency: 'stop' } };
      return {
        input: {
          volume: given.pick.of(['restored', 'data']),
          from: to,
          backup: from,
          ...given.pick.sometimes({ size: '60MiB' }),
        },
        needs: [first],
        again: true,
      };
    },
  },
};
