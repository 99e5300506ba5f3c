import { expect, it } from 'vitest';
import { secretsOfPlays } from '../../src/cli/secrets.ts';
import { loadInventory } from '../../src/config/inventory/inventory.ts';
import type { Action } from '../../src/operations/engine/change.ts';
import { finalizePlay, rollbackPlay } from '../../src/run/continuing/afterwards.ts';
import { historyOf } from '../../src/run/journal/history.ts';
import type { JournalRecord } from '../../src/run/journal/journal.ts';
import type { SecretReference } from '../../src/values/secret-reference.ts';
import { laptop } from '../config/io.ts';
import { begin, change, effects, end, ended, intent } from './records.ts';

const secret = (name: string): SecretReference => ({ secret: { env: name } });
const given = (name: string): Action => ({ kind: 'exec', argv: ['cat'], secretStdin: secret(name) });
const plan = {
  playbook: { file: 'p.yaml', sha256: '', text: '' },
  inputs: { inventory: [], tags: [], skipTags: [], vars: {} },
  hosts: [],
};

async function fetched(journal: readonly JournalRecord[], play: typeof rollbackPlay): Promise<readonly string[]> {
  const host = (await loadInventory(['i.yaml'], laptop({ files: { 'i.yaml': 'hosts: { web-1: }' } }))).hosts.get(
    'web-1',
  );
  const [its] = historyOf(journal).hosts;
  if (host === undefined || its === undefined) throw new Error('no host');
  return secretsOfPlays(
    [play(host, its, plan)],
    {},
  )(host).flatMap(({ reference }) => ('env' in reference.secret ? [reference.secret.env] : []));
}

const undone = change('foo', ['make'], {
  actions: [given('DOING')],
  undo: [given('UNDOING'), { kind: 'exec', argv: ['env'], env: { A: secret('AROUND'), B: 'plain' } }],
  finalize: [given('FINALLY')],
});
const done = [
  begin(),
  ...effects(undone, { want: { size: 20, token: { ...secret('READING') } } }),
  ended('changed'),
  end('changed'),
];

it('a rollback fetches the secrets that its undos and their facts need, and not those of what is done', async () => {
  expect(await fetched(done, rollbackPlay)).toEqual(['UNDOING', 'AROUND', 'READING']);
});

it('a rollback fetches nothing for what cannot be undone', async () => {
  const irreversible = change('foo', ['make'], { actions: [given('DOING')], undo: 'irreversible' });
  expect(
    await fetched(
      [
        begin(),
        ...effects(irreversible, { want: { token: { ...secret('READING') } } }),
        ended('changed'),
        end('changed'),
      ],
      rollbackPlay,
    ),
  ).toEqual([]);
});

it('a rollback fetches those of what is still at work: it is followed, and may print them', async () => {
  const irreversible = change('foo', ['make'], { actions: [given('DOING')], undo: 'irreversible' });
  expect(await fetched([begin(), intent(irreversible)], rollbackPlay)).toEqual(['DOING']);
});

it('finalize fetches what it needs itself', async () => {
  expect(await fetched(done, finalizePlay)).toEqual(['FINALLY']);
});
