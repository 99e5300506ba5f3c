import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';
import { start, stopFleets } from '../simulated-host.ts';

stopFleets();

const mib = 1024 ** 2;
const web: HostSpec = {
  name: 'web-1',
  kind: 'overlay2-pquota',
  volumes: [
    { name: 'app', bytes: 20 * mib, files: { is: 'true\n' } },
    { name: 'other', bytes: 20 * mib, files: { is: 'false\n' } },
  ],
};
const there: HostSpec = { name: 'there', kind: 'overlay2-plain' };

interface World {
  readonly apply: (step: object | readonly object[], laptop?: string) => Promise<Ran>;
  readonly rollback: (run: string) => Promise<Ran>;
  /** A directory of this machine, which simulated hosts share. */
  readonly at: (...path: readonly string[]) => string;
  readonly content: (volume: string) => Promise<string>;
}

async function world(): Promise<World> {
  const { fleet, host } = await start(web, there);
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  const at = (...path: readonly string[]): string => join(fleet.directory, ...path);
  await mkdir(at('work'));
  return {
    at,
    async apply(step, laptop = 'runs') {
      const playbook = at('work', 'playbook.yaml');
      await writeFile(playbook, JSON.stringify({ hosts: 'web-1', steps: [step].flat() }));
      return plimsoll(['apply', playbook, '-i', inventory, '--yes'], { XDG_STATE_HOME: at(laptop) });
    },
    rollback: (run) => plimsoll(['rollback', run, '-i', inventory, '--yes'], { XDG_STATE_HOME: at('runs') }),
    content: async (volume) => (await host.run(`cat /var/lib/docker/volumes/${volume}/_data/is`)).stdout,
  };
}

const names = async (directory: string): Promise<readonly string[]> => (await readdir(directory)).toSorted();

/** Puts the backup of another volume in its place, with a manifest that says so: archive and manifest vouch for each other. */
async function replace(directory: string): Promise<void> {
  const [manifest = ''] = (await names(directory)).filter((name) => name.startsWith('app@') && name.endsWith('.json'));
  const [other = ''] = (await names(directory)).filter((name) => name.startsWith('other@') && name.endsWith('.json'));
  const said = JSON.parse(await readFile(join(directory, other), 'utf8')) as object;
  const { name, source } = JSON.parse(await readFile(join(directory, manifest), 'utf8')) as {
    readonly name: string;
    readonly source: string;
  };
  await writeFile(join(directory, manifest), JSON.stringify({ ...said, name, source }));
  // A machine without zstd packs with gzip.
  const packed = (await readdir(directory)).some((name) => name.endsWith('.zst')) ? '.tar.zst' : '.tar.gz';
  await rename(join(directory, other.replace('.json', packed)), join(directory, manifest.replace('.json', packed)));
}

function ended({ code, stdout, stderr }: Ran): string {
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

it('is made for several places by one playbook, restored from each, and taken back as a whole', async () => {
  const { apply, rollback, at, content } = await world();
  const places = [{ laptop: at('kept') }, { laptop: at('kept-too') }, { path: at('here') }];
  const made = ended(await apply(places.map((to) => ({ backup_volume: { volume: 'app', to } }))));
  for (const [index, from] of places.entries()) {
    ended(await apply({ restore_volume: { volume: `restored-${String(index)}`, from, backup: 'app' } }));
    expect(await content(`restored-${String(index)}`)).toBe('true\n');
  }
  const [id = ''] = /\d{8}-\d{6}-[0-9a-f]{6}/.exec(made) ?? [];
  const back = await rollback(id);
  expect([back.code, back.stdout + back.stderr]).toEqual([0, expect.not.stringContaining('drift')]);
});

describe.each([
  ['the laptop', (at: World['at']) => ({ place: { laptop: at('kept') }, directory: at('kept') })],
  ['the host itself', (at: World['at']) => ({ place: { path: at('kept') }, directory: at('kept') })],
  ['another host', (at: World['at']) => ({ place: { host: 'there', path: at('kept') }, directory: at('kept') })],
] as const)('a backup on %s', (_where, placeIn) => {
  it('is restored as it was made, and not as somebody has replaced it', async () => {
    const { apply, at, content } = await world();
    const { place, directory } = placeIn(at);
    for (const volume of ['app', 'other']) ended(await apply({ backup_volume: { volume, to: place, keep: 1 } }));
    expect((await names(directory)).map((name) => name.replace(/@[^Z]*Z/, '').replace(/\.(?:zst|gz)$/, ''))).toEqual([
      'app.json',
      'app.seal',
      'app.tar',
      'other.json',
      'other.seal',
      'other.tar',
    ]);
    ended(await apply({ restore_volume: { volume: 'restored', from: place, backup: 'app' } }));
    expect(await content('restored')).toBe('true\n');
    // With nothing but the key: another machine, to which it was brought.
    await mkdir(at('second', 'plimsoll'), { recursive: true });
    await cp(at('runs', 'plimsoll', 'seal.key'), at('second', 'plimsoll', 'seal.key'));
    ended(await apply({ restore_volume: { volume: 'by-seal', from: place, backup: 'app' } }, 'second'));

    await replace(directory);
    const by = {
      runs: /is not the backup that was made: the records have another one of that name, made on web-1/,
      second: /is not the backup that was made: its seal is of something else/,
    };
    for (const laptop of ['runs', 'second'] as const) {
      const refused = await apply(
        { restore_volume: { volume: 'replaced', from: place, backup: 'app', unvouched: 'allow' } },
        laptop,
      );
      expect([refused.code, refused.stdout]).toEqual([4, expect.stringMatching(by[laptop])]);
      expect(refused.stdout).toMatch(/restore another one, and find out who may write where it is kept/);
    }
    expect(await content('replaced')).toBe('');

    // Without its seal, and without the records, it is one of which nobody knows anything.
    for (const name of await names(directory)) if (name.endsWith('.seal')) await rm(join(directory, name));
    const unknown = await apply({ restore_volume: { volume: 'unknown', from: place, backup: 'app' } }, 'second');
    expect([unknown.code, unknown.stdout]).toEqual([
      4,
      expect.stringMatching(
        /nobody vouches for app@\S+: the records do not know it, and there is no seal beside it[^]*With unvouched: allow it is restored as it is/,
      ),
    ]);
    const asked = ended(
      await apply({ restore_volume: { volume: 'unknown', from: place, backup: 'app', unvouched: 'allow' } }, 'second'),
    );
    expect(asked).toMatch(/nobody vouches for app@\S+: [^]*may have put it there/);
    expect(await content('unknown')).toBe('false\n');
  });

  it('goes with its seal when it is more than is kept', async () => {
    const { apply, at } = await world();
    const { place, directory } = placeIn(at);
    const step = { backup_volume: { volume: 'app', to: place, keep: 1 } };
    ended(await apply(step));
    const first = await names(directory);
    await expect.poll(() => new Date().toISOString().slice(0, 19)).not.toBe(new Date().toISOString().slice(0, 19));
    ended(await apply(step));
    const second = await names(directory);
    expect([second.length, second.filter((name) => first.includes(name))]).toEqual([3, []]);
  });
});
