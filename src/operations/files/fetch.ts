import * as z from 'zod';
import { ask } from '../../facts/fact.ts';
import { hostFile, laptopFile } from '../../facts/host/file.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import { hostPath, laptopFileResource } from '../engine/input.ts';
import { defineOperation } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';

const schema = z.strictObject({
  from: hostPath.describe('the file on the host'),
  to: z
    .string()
    .min(1)
    .describe('the file on this machine, relative to the playbook; with several hosts write ${{ host.name }} into it'),
});

export const fetch = defineOperation({
  name: 'fetch',
  summary: 'Copy a file from the host to this machine, verified by digest',
  schema,
  laptopPaths: [['to']],
  readOnly: false,
  repeats: false,
  *read({ from, to }) {
    const [source, target] = yield* together(ask(hostFile, from), ask(laptopFile, to));
    return { source, target };
  },
  plan({ from, to }, { source, target }) {
    if (!source.exists) return refuse(`there is no file ${from} on the host`, 'correct from:');
    if (source.kind !== 'file')
      return refuse(
        `${from} is a ${source.kind}`,
        'only regular files are fetched: name the file, or make an archive of it first',
      );
    if (target.exists && target.sha256 === source.sha256) return { outcome: 'noop', reason: `${to} is the same file` };
    return {
      outcome: 'change',
      changes: [
        {
          summary: `${from} → ${to} on this machine, ${formatBytes(source.bytes)}`,
          before: target.exists ? { sha256: target.sha256 } : { exists: false },
          after: { sha256: source.sha256 },
          actions: [{ kind: 'fetch', path: from, to, sha256: source.sha256, bytes: source.bytes }],
          // Nothing on the host has changed: there is nothing to take back there.
          undo: target.exists ? 'irreversible' : [],
          atomic: false,
          bindings: {},
        },
      ],
      ...(target.exists ? { warnings: [`${to} exists on this machine with other content and will be replaced`] } : {}),
    };
  },
  touches: ({ from, to }) => ({ reads: [`path:${from}`, laptopFileResource(to)], changes: [laptopFileResource(to)] }),
  result: ({ to }, { source }) => ({ path: to, sha256: source.exists ? source.sha256 : null }),
});
