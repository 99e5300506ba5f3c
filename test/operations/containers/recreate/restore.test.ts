import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { askContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { ask } from '../../../../src/facts/fact.ts';
import { askImageIds } from '../../../../src/facts/daemon/image-ids.ts';
import type { Volume } from '../../../../src/facts/volumes/volumes.ts';
import { volumes } from '../../../../src/facts/volumes/volumes.ts';
import { composeCreation } from '../../../../src/operations/containers/body/creation.ts';
import type { Patch } from '../../../../src/operations/containers/body/patch.ts';
import type { Recorded } from '../../../../src/operations/containers/body/recorded.ts';
import { recordedOf, recordedSchema, versionSpec } from '../../../../src/operations/containers/body/recorded.ts';
import { recreateContainer } from '../../../../src/operations/containers/recreate/recreate-container.ts';
import type { Remains } from '../../../../src/operations/containers/recreate/restore.ts';
import { restoration } from '../../../../src/operations/containers/recreate/restore.ts';
import cases from '../../../facts/cases/container-specs.json' with { type: 'json' };
import { recordedDockers, recordedSpec } from '../../../facts/recorded-specs.ts';
import { Answers } from '../../known.ts';
import { planLawfully } from '../../plan-lawfully.ts';
import { made, volume } from '../../volumes/world.ts';
import { answers } from '../world.ts';

const plain = recordedSpec('docker-28', 'plain');
const corpus = recordedDockers.flatMap((docker) =>
  Object.keys(cases[docker]).map((name) => recordedSpec(docker, name)),
);

const withHost = (more: ContainerSpec['hostConfig'], spec = plain): ContainerSpec => ({
  ...spec,
  hostConfig: { ...spec.hostConfig, ...more },
});
const mounted = (name: string): ContainerSpec => ({
  ...withHost({ Binds: [`${name}:/data`] }),
  mounts: [{ Type: 'volume', Name: name, Source: `/v/${name}`, Destination: '/data', RW: true }],
});
const then = (spec: ContainerSpec): Recorded => recordedOf(spec, {}, undefined);

interface Given {
  readonly images?: Readonly<Record<string, string | null>>;
  readonly all?: readonly Volume[];
  readonly changed?: readonly string[];
}

function remains(wanted: Recorded, { images = {}, all = [] }: Given): Remains {
  const names = [wanted.image, ...(wanted.imageId === undefined ? [] : [wanted.imageId])];
  return { volumes: all, images: names.map((name) => images[name] ?? null) };
}

function back(wanted: Recorded, now: ContainerSpec, given: Given = {}): ReturnType<typeof restoration> {
  return restoration(
    { version: 1, spec: wanted, env_changed: [...(given.changed ?? [])], partly: false },
    now,
    remains(wanted, given),
  );
}

describe('what is recorded of a container', () => {
  it('is what it is now, and leads nowhere from there; nothing of it is a value of a variable', () => {
    expect(corpus.length).toBeGreaterThan(20);
    for (const spec of corpus) {
      expect(
        back(then(spec), spec, {
          all: spec.mounts.flatMap(({ Name: name }) => (typeof name === 'string' ? [volume(name)] : [])),
        }),
      ).toEqual({ patch: {}, cannot: [], notes: [] });
      expect(then(spec).env).toEqual(
        spec.env
          .filter(({ inherited }) => !inherited)
          .map(({ name }) => name)
          .toSorted(),
      );
    }
  });

  it('is as a patch makes it, with the names of what was asked for', () => {
    const patch: Patch = {
      memory: 64,
      nanoCpus: 5e8,
      env: { NEW: 'hush', PATH: null },
      labels: { a: 'b' },
      restart: { name: 'on-failure', maximumRetryCount: 3 },
      ports: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
      mounts: { '/data': { volume: 'foo' } },
      storageSize: 1024,
    };
    const spec = versionSpec(plain, patch, undefined);
    expect(spec).toMatchObject({
      image: plain.config['Image'],
      imageId: plain.image,
      memoryBytes: 64,
      nanoCpus: 5e8,
      restart: 'on-failure:3',
      ports: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
      storageBytes: 1024,
      labels: { a: 'b' },
    });
    expect(spec['env']).toContain('NEW');
    expect(spec['mounts']).toContainEqual({ destination: '/data', type: 'volume', name: 'foo', readWrite: true });
    expect(spec['changed']).toContain('env NEW');
    expect(JSON.stringify(spec)).not.toContain('hush');
    expect(recordedSchema.parse(spec)).toMatchObject({ memoryBytes: 64 });
  });

  it('names the image that another name means, as far as that is known', () => {
    const id = `sha256:${'d'.repeat(64)}`;
    expect(recordedOf(plain, { image: 'app:2' }, id)).toMatchObject({ image: 'app:2', imageId: id });
    expect(recordedOf(plain, { image: 'app:2' }, undefined)).not.toHaveProperty('imageId');
    expect(recordedOf(plain, { image: id }, undefined)).toMatchObject({ imageId: id });
  });
});

describe('going back to it', () => {
  it('lifts limits that there were not, and takes out what came since', () => {
    const now = withHost(
      {
        Memory: 64,
        MemorySwap: 128,
        NanoCpus: 1e9,
        PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
        RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
      },
      {
        ...mounted('foo'),
        config: { ...plain.config, Labels: { ...Object(plain.config['Labels']), more: 'x' } },
        env: [...plain.env, { name: 'NEW', inherited: false }],
      },
    );
    const { patch, cannot } = back(then(plain), now);
    expect(cannot).toEqual([]);
    expect(patch).toEqual({
      memory: 0,
      nanoCpus: 0,
      restart: { name: 'no', maximumRetryCount: 0 },
      ports: { '80/tcp': null },
      mounts: { '/data': null },
      labels: { more: null },
      env: { NEW: null },
    });
    expect(composeCreation(now, patch).template).not.toBe('');
  });

  it('says of what is not recorded, or cannot be changed, that it does not come back', () => {
    const was = then({
      ...withHost({ ShmSize: 1, CpuQuota: 50_000 }),
      env: [
        { name: 'A', inherited: false },
        { name: 'B', inherited: false },
      ],
    });
    const { cannot } = back(
      was,
      { ...withHost({ ShmSize: 2, StorageOpt: { size: '10G' } }), env: [{ name: 'B', inherited: false }] },
      { changed: ['B', 'C'] },
    );
    expect(cannot).toEqual([
      'env A: it was set then, and values are not recorded',
      'env B: it has been given another value since, and values are not recorded',
      'the size of its root file system: it had none of its own then, and that cannot be taken away',
      'HostConfig.CpuQuota: it was 50000, is not set, and recreate_container cannot change it',
      'HostConfig.ShmSize: it was 1, is 2, and recreate_container cannot change it',
    ]);
  });

  it('takes the same image by its name, or by its id where the name means another by now, or says that it is gone', () => {
    const other = {
      ...plain,
      image: `sha256:${'e'.repeat(64)}`,
      imageNow: `sha256:${'e'.repeat(64)}`,
      config: { ...plain.config, Image: 'app:2' },
    };
    const was = then(plain);
    expect(back(was, other, { images: { [was.image]: plain.image, [plain.image]: plain.image } })).toMatchObject({
      patch: { image: was.image },
      cannot: [],
    });
    expect(back(was, other, { images: { [was.image]: other.image, [plain.image]: plain.image } })).toMatchObject({
      patch: { image: plain.image },
      cannot: [],
      notes: [expect.stringContaining('is another image now')],
    });
    expect(back(was, other)).toMatchObject({
      patch: {},
      cannot: [expect.stringContaining('the host does not have it any more')],
    });
    // The name has moved on beneath the container: the same image has to be asked for.
    expect(back({ ...was, memoryBytes: 64 }, { ...plain, imageNow: other.image }).patch).toEqual({
      image: plain.image,
      memory: 64,
    });
  });

  it('keeps the newer version of a volume, and mounts no other that is gone or has been replaced', () => {
    const all = [volume('foo'), made('foo', 1, 'foo'), volume('bar'), volume('foo-7')];
    const was = then(mounted('foo'));
    expect(back(was, mounted('foo-1'), { all })).toMatchObject({
      patch: {},
      cannot: [],
      notes: [expect.stringContaining('foo-1 stays')],
    });
    expect(back(was, mounted('foo-1'), { all: all.slice(1) })).toMatchObject({ patch: {}, cannot: [] });
    expect(back(was, mounted('bar'), { all })).toMatchObject({
      patch: {},
      cannot: ['mount /data: volume foo has been replaced by foo-1 since'],
    });
    expect(back(was, plain, { all: [volume('bar')] })).toMatchObject({
      patch: {},
      cannot: ['mount /data: there is no volume foo any more'],
    });
    expect(back(then(mounted('bar')), mounted('foo'), { all })).toMatchObject({
      patch: { mounts: { '/data': { volume: 'bar', readOnly: false } } },
      cannot: [],
    });
    // Only its number looks like one of the family.
    expect(back(was, mounted('foo-7'), { all: [volume('foo'), volume('foo-7')] })).toMatchObject({
      patch: { mounts: { '/data': { volume: 'foo', readOnly: false } } },
    });
  });
});

describe('recreate_container with restore', () => {
  const want = (spec: Recorded, more: object = {}) =>
    recreateContainer.schema.parse({ container: 'plain', restore: { version: 1, spec, ...more } });
  const world = (wanted: Recorded): Answers => {
    const images = [wanted.image, ...(wanted.imageId === undefined ? [] : [wanted.imageId])];
    return answers()
      .set(ask(volumes), [])
      .set(
        askImageIds(...images),
        images.map(() => plain.image),
      );
  };

  it('is done when it is as it was then, and otherwise says what it changes', () => {
    const same = then(plain);
    expect(planLawfully(recreateContainer, want(same), world(same)).outcome).toBe('noop');
    const less = { ...same, memoryBytes: 64 * 1024 ** 2 };
    expect(planLawfully(recreateContainer, want(less), world(less))).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: 'plain: recreated: memory none → 64 MiB',
          records: [{ before: { version: 0, spec: { memoryBytes: 0 } }, spec: { memoryBytes: 64 * 1024 ** 2 } }],
        },
      ],
    });
  });

  it('refuses what does not come back, unless it is to be left as it is', () => {
    const more = { ...then(plain), env: ['GONE'], memoryBytes: 64 * 1024 ** 2 };
    expect(planLawfully(recreateContainer, want(more), world(more))).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('env GONE: it was set then'),
      remedy: expect.stringContaining('--partly'),
    });
    expect(planLawfully(recreateContainer, want(more, { partly: true }), world(more))).toMatchObject({
      outcome: 'change',
      warnings: expect.arrayContaining([expect.stringContaining('not restored: env GONE')]),
    });
    const only = { ...then(plain), env: ['GONE'] };
    expect(planLawfully(recreateContainer, want(only, { partly: true }), world(only))).toMatchObject({
      outcome: 'noop',
      warnings: [expect.stringContaining('not restored: env GONE')],
    });
  });

  it('says all of it: no other key that says how it shall be stands beside it', () => {
    expect(
      recreateContainer.schema.safeParse({
        container: 'plain',
        memory: '1GiB',
        restore: { version: 1, spec: then(plain) },
      }).success,
    ).toBe(false);
    expect(
      recreateContainer.schema.safeParse({
        container: 'plain',
        layer: 'discard',
        gate: { seconds: 1 },
        restore: { version: 1, spec: then(plain) },
      }).success,
    ).toBe(true);
    expect(recreateContainer.needs(want(then(plain)), world(then(plain))).map(({ fact }) => fact.name)).toEqual([
      'containers',
      'container-uses',
      'replacements',
      askContainerSpec(plain.id).fact.name,
      'volumes',
      'image-ids',
    ]);
  });
});
