import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { askContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import type { Container } from '../../../../src/facts/containers/containers.ts';
import { containers } from '../../../../src/facts/containers/containers.ts';
import type { ContainerUse } from '../../../../src/facts/containers/container-uses.ts';
import { containerUses } from '../../../../src/facts/containers/container-uses.ts';
import { askContainerEnvironment } from '../../../../src/facts/containers/container-environment.ts';
import { ask } from '../../../../src/facts/fact.ts';
import { askHiddenDifferences } from '../../../../src/facts/containers/hidden-differences.ts';
import type { Replacement } from '../../../../src/facts/containers/replacements.ts';
import { replacements } from '../../../../src/facts/containers/replacements.ts';
import { explain } from '../../../../src/operations/containers/body/fidelity.ts';
import { judgeReplacement, replacementWarnings } from '../../../../src/operations/containers/replace/judge.ts';
import { recreateContainer } from '../../../../src/operations/containers/recreate/recreate-container.ts';
import { replaceContainers } from '../../../../src/operations/containers/replace/replace.ts';
import { asBefore, inPlace } from '../../../../src/operations/containers/replace/under-way.ts';
import { recordedDockers, recordedSpec } from '../../../facts/recorded-specs.ts';
import { runScript } from '../../../facts/real-shell.ts';
import { Answers } from '../../known.ts';
import { planLawfully } from '../../plan-lawfully.ts';

const id = (digit: string): string => digit.repeat(64);

function containerOf(spec: ContainerSpec): Container {
  return {
    id: spec.id,
    name: spec.name,
    image: spec.image,
    labels: {},
    state: {
      status: spec.state.status,
      running: spec.state.running,
      paused: false,
      restarting: false,
      pid: 1,
      startedAt: spec.state.startedAt,
      error: '',
    },
    driver: 'overlay2',
    graph: null,
    storageOpt: null,
    autoRemove: false,
    restart: { name: 'no', maximumRetryCount: 0 },
  };
}

function useOf(spec: Pick<ContainerSpec, 'id' | 'name'>, more: Partial<ContainerUse> = {}): ContainerUse {
  return {
    id: spec.id,
    name: spec.name,
    running: true,
    startedAt: '',
    mounts: [],
    volumesFrom: [],
    links: [],
    networkMode: 'bridge',
    pidMode: '',
    ipcMode: '',
    autoRemove: false,
    labels: {},
    ...more,
  };
}

function world(specs: readonly ContainerSpec[], begun: readonly Replacement[] = []): Answers {
  const answers = new Answers()
    .set(ask(containers), specs.map(containerOf))
    .set(
      ask(containerUses),
      specs.map((spec) => useOf(spec)),
    )
    .set(ask(replacements), begun);
  for (const spec of specs) answers.set(askContainerSpec(spec.id), spec);
  return answers;
}

const plain = recordedSpec('docker-28', 'plain');
const withHost = (more: ContainerSpec['hostConfig']): ContainerSpec => ({
  ...plain,
  hostConfig: { ...plain.hostConfig, ...more },
});
const want = (more: object) => recreateContainer.schema.parse({ container: 'plain', ...more });

/** The same container, made anew: what Docker gives it is another. */
function anew(spec: ContainerSpec): ContainerSpec {
  const fresh = id('f');
  const networks = Object.fromEntries(
    Object.entries(spec.networks).map(([name, endpoint]) => [
      name,
      {
        ...endpoint,
        EndpointID: 'other',
        IPAddress: '10.9.9.9',
        ...(name === 'bridge' || !Array.isArray(endpoint['Aliases'])
          ? {}
          : {
              Aliases: endpoint['Aliases'].map((alias: unknown) =>
                alias === spec.id.slice(0, 12) ? fresh.slice(0, 12) : String(alias),
              ),
            }),
      },
    ]),
  );
  return {
    ...spec,
    id: fresh,
    config: {
      ...spec.config,
      ...(spec.config['Hostname'] === spec.id.slice(0, 12) ? { Hostname: fresh.slice(0, 12) } : {}),
    },
    networks,
  };
}

describe('a plan of recreate_container', () => {
  it('has nothing to do when everything is as it is asked', () => {
    const memory = withHost({ Memory: 512 * 1024 ** 2 });
    expect(
      planLawfully(
        recreateContainer,
        want({ memory: '512MiB', labels: { corpus: '', none: null }, restart: 'no' }),
        world([memory]),
      ).outcome,
    ).toBe('noop');
  });

  it('names what is otherwise, and nothing that is a secret stands in it but what the playbook gives', () => {
    const spec = recordedSpec('docker-28', 'secrets');
    const asked = recreateContainer.schema.parse({
      container: 'secrets',
      memory: '512MiB',
      env: { NEW: 'given' },
      gate: { seconds: '5s' },
    });
    const planned = planLawfully(
      recreateContainer,
      asked,
      world([spec]).set(askContainerEnvironment(spec.id, { NEW: 'given' }), [false]),
    );
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [
        {
          subject: 'container:secrets',
          atomic: true,
          before: { 'secrets id': spec.id, 'secrets memory bytes': 0 },
          after: { 'secrets memory bytes': 512 * 1024 ** 2 },
        },
      ],
    });
    if (planned.outcome !== 'change') throw new Error('no change');
    const [change] = planned.changes;
    const all = [
      ...(change?.actions ?? []),
      ...(change?.undo === 'irreversible' ? [] : (change?.undo ?? [])),
      ...(change?.finalize ?? []),
    ];
    for (const action of all) {
      if (action.kind !== 'exec') throw new Error('no program');
      expect(action.argv.join(' ')).not.toMatch(/given/);
    }
    expect(planned.changes.flatMap(({ summary }) => summary)).toEqual([
      'secrets: recreated: env NEW none → as asked, memory none → 512 MiB',
    ]);
  });

  it('goes on with what was cut, under its own name and policy', () => {
    const renamed = {
      ...plain,
      name: 'plain-old-' + plain.id.slice(0, 12),
      state: { ...plain.state, status: 'exited', running: false },
    };
    const fresh = { ...anew(plain), name: 'plain' };
    const begun: Replacement = {
      old: plain.id,
      new: fresh.id,
      name: 'plain',
      restart: 'always',
      wasRunning: true,
      step: 'starting',
    };
    const planned = planLawfully(recreateContainer, want({ memory: '1GiB' }), world([renamed, fresh], [begun]));
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [{ subject: 'container:plain', before: { underWay: 'starting', 'plain id': plain.id } }],
    });
    expect(asBefore(renamed, begun)).toMatchObject({
      name: 'plain',
      state: { running: true },
      hostConfig: { RestartPolicy: { Name: 'always' } },
    });
  });

  it('is noop of the new one, and says in its result what is other than in the old one', () => {
    const old = { ...plain, name: 'plain-old-' + plain.id.slice(0, 12), state: { ...plain.state, running: false } };
    const fresh = { ...anew(plain), hostConfig: { ...plain.hostConfig, Memory: 1024 ** 3, MemorySwap: 2 * 1024 ** 3 } };
    const done: Replacement = {
      old: plain.id,
      new: fresh.id,
      name: 'plain',
      restart: 'no',
      wasRunning: true,
      step: 'done',
    };
    const known = world([old, fresh], [done]).set(askHiddenDifferences(plain.id, fresh.id), { Cmd: true });
    expect(planLawfully(recreateContainer, want({ memory: '1GiB' }), known).outcome).toBe('noop');
    expect(recreateContainer.verify?.(want({ memory: '1GiB' }), known)).toEqual([]);
    expect(recreateContainer.verify?.(want({}), known)).toHaveLength(2);
    expect(recreateContainer.result?.(want({ memory: '1GiB' }), known, undefined)).toMatchObject({
      id: fresh.id,
      name: 'plain',
      replaced: plain.id,
      differences: expect.arrayContaining([expect.objectContaining({ kind: 'asked', what: 'HostConfig.Memory' })]),
    });
  });

  it('leaves out what is kept, and what is not in place yet', () => {
    const other = containerOf({ ...plain, id: id('c'), name: 'app-2' });
    const names = (all: readonly Container[], begun: readonly Replacement[] = []) =>
      inPlace(all, begun).map(({ name }) => name);
    expect(
      names([
        { ...other, id: id('a'), name: `app-old-${'a'.repeat(12)}` },
        other,
        { ...other, id: id('b'), name: `app-2-new-${'c'.repeat(12)}` },
        { ...other, id: id('d'), name: `app-old-${'e'.repeat(12)}` },
      ]),
    ).toEqual(['app-2', `app-old-${'e'.repeat(12)}`]);
  });
});

describe('what is refused, with the remedy', () => {
  const labelled = (name: string): ContainerSpec => ({
    ...plain,
    config: { ...plain.config, Labels: { [name]: 'x' } },
  });
  it.each<readonly [string, ContainerSpec, RegExp, RegExp]>([
    ['--rm', withHost({ AutoRemove: true }), /made with --rm/, /without --rm/],
    ['swarm', labelled('com.docker.swarm.service.id'), /Docker Swarm/, /docker service update/],
    ['kubernetes', labelled('io.kubernetes.pod.name'), /Kubernetes/, /kubectl/],
    ['nomad', labelled('com.hashicorp.nomad.alloc_id'), /Nomad/, /nomad job/],
    ['ecs', labelled('com.amazonaws.ecs.cluster'), /Amazon ECS/, /task definition/],
    [
      'another image under the name',
      { ...plain, imageNow: 'sha256:other' },
      /which is another image now/,
      /say image:/,
    ],
    ['no image under the name', { ...plain, imageNow: null }, /no image of that name/, /docker tag/],
    ['the image is gone', { ...plain, imageConfig: null }, /is not there any more/, /load or pull/],
    ['paused', { ...plain, state: { ...plain.state, paused: true } }, /is paused/, /docker unpause plain/],
    [
      'restarting',
      { ...plain, state: { ...plain.state, status: 'restarting' } },
      /again and again/,
      /docker stop plain/,
    ],
    ['dead', { ...plain, state: { ...plain.state, dead: true, status: 'dead' } }, /is dead/, /docker rm plain/],
    [
      'writes in the layer',
      { ...plain, writes: [{ kind: 'A', path: '/data/x' }] },
      /own layer.*\/data\/x/,
      /layer: discard/,
    ],
    [
      'a GPU that is not there',
      {
        ...withHost({ DeviceRequests: [{ Count: -1 }] }),
        state: {
          ...plain.state,
          running: false,
          status: 'created',
          error: 'could not select device driver "" with capabilities: [[gpu]]',
        },
      },
      /does not give/,
      /install the driver/,
    ],
  ])('%s', (_what, spec, reason, remedy) => {
    const refusal = judgeReplacement(spec, {}, [useOf(spec)]);
    expect(refusal?.reason).toMatch(reason);
    expect(refusal?.remedy).toMatch(remedy);
  });

  it('dependants, all by name', () => {
    const uses = [
      useOf(plain),
      useOf({ id: id('1'), name: 'side' }, { networkMode: `container:${plain.id}` }),
      useOf({ id: id('2'), name: 'backup' }, { volumesFrom: ['plain:ro'] }),
    ];
    expect(judgeReplacement(plain, {}, uses)?.reason).toMatch(/side, backup/);
  });

  it('what an attempt that failed has left', () => {
    expect(
      judgeReplacement(plain, {}, [useOf(plain), useOf({ id: id('1'), name: `plain-new-${plain.id.slice(0, 12)}` })])
        ?.remedy,
    ).toMatch(/docker rm plain-new-/);
  });

  it('Compose, with the override file and the command', () => {
    const spec: ContainerSpec = {
      ...plain,
      config: {
        ...plain.config,
        Labels: {
          'com.docker.compose.project': 'shop',
          'com.docker.compose.service': 'db',
          'com.docker.compose.project.working_dir': '/srv/shop',
          'com.docker.compose.project.config_files': '/srv/shop/compose.yaml',
        },
      },
      mounts: [{ Type: 'volume', Name: 'foo', Destination: '/data', RW: true }],
    };
    const refusal = judgeReplacement(
      spec,
      { volumes: { foo: 'foo-1' }, memory: 2 ** 30, env: { PASSWORD: 'hush' } },
      [],
    );
    expect(refusal?.remedy).toMatch(/- "plimsoll_foo-1:\/data:nocopy"/);
    expect(refusal?.remedy).toMatch(/"plimsoll_foo-1":\n    external: true\n    name: "foo-1"/);
    expect(refusal?.remedy).toMatch(
      /docker compose -p shop --project-directory \/srv\/shop -f \/srv\/shop\/compose.yaml -f \/srv\/shop\/compose.plimsoll.db.yaml up -d --no-deps db/,
    );
    expect(refusal?.remedy).not.toMatch(/hush/);
  });

  it('Compose, where its own file is not known: that is said, and no command that would describe the override alone', () => {
    const spec: ContainerSpec = {
      ...plain,
      config: {
        ...plain.config,
        Labels: {
          'com.docker.compose.project': 'shop',
          'com.docker.compose.service': 'db',
          'com.docker.compose.project.working_dir': '/srv/shop',
        },
      },
    };
    const remedy = judgeReplacement(spec, { memory: 2 ** 30 }, [], undefined, 'or compose: override')?.remedy;
    expect(remedy).toMatch(
      /^its label com\.docker\.compose\.project\.config_files is missing, so the project's own file is not known/,
    );
    expect(remedy).toMatch(/ -f FILE -f \/srv\/shop\/compose\.plimsoll\.db\.yaml up /);
    expect(remedy).not.toMatch(/say compose: override/);
  });

  it('nothing else', () => {
    expect(judgeReplacement(plain, {}, [useOf(plain)])).toBeUndefined();
    expect(
      judgeReplacement({ ...plain, writes: [{ kind: 'A', path: '/x' }] }, { discardLayer: true }, []),
    ).toBeUndefined();
    expect(judgeReplacement({ ...plain, imageNow: null }, { image: 'b:1' }, [])).toBeUndefined();
  });

  it('warns of what one would not expect', () => {
    expect(replacementWarnings(recordedSpec('docker-28', 'random-port'), {}).join()).toMatch(
      /another port of the host for 80\/tcp, 81\/udp/,
    );
    expect(replacementWarnings(recordedSpec('docker-28', 'random-port'), { pinPorts: true }).join()).not.toMatch(
      /another port/,
    );
    expect(
      replacementWarnings(
        { ...plain, passing: { count: 7, first: ['/tmp/a', '/tmp/b'], layerBytes: 4096 } },
        {},
      ).join(),
    ).toContain(
      'plain: 7 paths below temporary directories of its own layer (of 4 KiB in all) stay in the old container, and go with it: /tmp/a, /tmp/b, …',
    );
  });
});

describe.each(recordedDockers)('the explained difference on %s', (docker) => {
  it.each(['plain', 'two-networks', 'secrets', 'linked', 'binds', 'anonymous', 'random-port', 'shares-network'])(
    '%s, made anew, has nothing unexplained',
    (name) => {
      const spec = recordedSpec(docker, name);
      const lines = explain(spec, anew(spec), {}, { 'Env A': true });
      expect(lines.filter(({ kind }) => kind === 'unexplained')).toEqual([]);
      expect(lines.filter(({ kind }) => kind === 'identical').length).toBeGreaterThan(60);
    },
  );

  it('whatever differs beside that is unexplained', () => {
    const spec = recordedSpec(docker, 'two-networks');
    const fresh = anew(spec);
    const unexplained = (other: ContainerSpec, hidden: Record<string, boolean> = {}): readonly string[] =>
      explain(spec, other, {}, hidden)
        .filter(({ kind }) => kind === 'unexplained')
        .map(({ what }) => what);
    expect(unexplained({ ...fresh, hostConfig: { ...fresh.hostConfig, Memory: 5 } })).toEqual(['HostConfig.Memory']);
    expect(unexplained({ ...fresh, config: { ...fresh.config, User: 'root' } })).toEqual(['Config.User']);
    expect(unexplained({ ...fresh, networks: {} })).toEqual(['network lab-a', 'network lab-b']);
    expect(unexplained({ ...fresh, mounts: [{ Type: 'volume', Name: 'x', Destination: '/x', RW: true }] })).toEqual([
      'mount /x',
    ]);
    expect(unexplained(fresh, { Cmd: false, 'Env A': false })).toEqual(['Cmd', 'Env A']);
    expect(unexplained({ ...fresh, image: 'sha256:other' })).toEqual(['Image']);
  });
});

describe('the scripts', () => {
  it('are understood by a shell, and hold their containers in order', () => {
    const specs = [recordedSpec('docker-20', 'two-networks'), plain];
    const change = replaceContainers({
      subject: 'containers:foo',
      containers: specs.map((spec) => ({ spec, patch: {} })),
      whileStopped: { script: ['true'], summary: 'the last pass', downtime: 'about 6 s' },
      undoGuard: 'true',
      finalizeAfter: [{ kind: 'check', argv: ['true'], equals: '', otherwise: 'x' }],
      gate: { seconds: 5, healthy: true },
    });
    const scripts = [
      ...change.actions,
      ...(change.undo === 'irreversible' ? [] : change.undo),
      ...(change.finalize ?? []),
    ].flatMap((action) => (action.kind === 'exec' ? [action.stdin ?? ''] : []));
    expect(scripts).toHaveLength(3);
    for (const script of scripts)
      expect(runScript(`cat <<'PLIMSOLL_END' | /bin/sh -n\n${script}\nPLIMSOLL_END`)).toMatchObject({
        status: 0,
        stderr: '',
      });
    expect(change.finalize).toHaveLength(2);
    expect(change.summary).toMatch(/two-networks, plain: recreated; while stopped: the last pass/);
    for (const script of scripts) expect(script).not.toMatch(/docker rm .*-[vf]/);
  });
});
