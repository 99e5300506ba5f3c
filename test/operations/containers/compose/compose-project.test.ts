import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ComposeProject } from '../../../../src/facts/containers/compose-project.ts';
import { askComposeProject, composeProject } from '../../../../src/facts/containers/compose-project.ts';
import type { Composition } from '../../../../src/facts/containers/compositions.ts';
import { askComposedSpec, compositions } from '../../../../src/facts/containers/compositions.ts';
import type { ContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { askCopiedInto } from '../../../../src/facts/copies/copied-into.ts';
import { askContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { containers } from '../../../../src/facts/containers/containers.ts';
import { containerUses } from '../../../../src/facts/containers/container-uses.ts';
import { ask } from '../../../../src/facts/fact.ts';
import { replacements } from '../../../../src/facts/containers/replacements.ts';
import {
  composedDifferences,
  descriptionFunctions,
} from '../../../../src/operations/containers/compose/compose-comparison.ts';
import { overrideText } from '../../../../src/operations/containers/body/compose-file.ts';
import { composeContainerOf, withComposed } from '../../../../src/operations/containers/compose/compose-project.ts';
import { recreateContainer } from '../../../../src/operations/containers/recreate/recreate-container.ts';
import { runScript } from '../../../facts/real-shell.ts';
import { recordedSpec } from '../../../facts/recorded-specs.ts';
import { Answers } from '../../known.ts';
import { planLawfully } from '../../plan-lawfully.ts';

const label = (name: string): string => `com.docker.compose.${name}`;
const labels: Readonly<Record<string, string>> = {
  [label('project')]: 'shop',
  [label('service')]: 'db',
  [label('oneoff')]: 'False',
  [label('version')]: '2.40.3',
  [label('config-hash')]: 'abc',
  [label('project.working_dir')]: '/srv/shop',
  [label('project.config_files')]: '/srv/shop/compose.yaml',
};
const plain = recordedSpec('docker-28', 'plain');
const composed = (
  more: Partial<ContainerSpec> = {},
  own: Readonly<Record<string, string>> = labels,
): ContainerSpec => ({ ...plain, writes: [], config: { ...plain.config, Labels: { ...own } }, ...more });
const project: ComposeProject = {
  tool: { command: 'docker compose', release: '2.40.3' },
  directoryExists: true,
  missing: [],
  override: 'absent',
  replicas: 1,
  would: ['Container plain Running'],
  complaint: '',
  suits: true,
  plain: [],
};
const want = (more: object) => recreateContainer.schema.parse({ container: 'plain', compose: 'override', ...more });

function world(spec: ContainerSpec, found: Partial<ComposeProject> = {}, begun: readonly Composition[] = []): Answers {
  const all = Object.fromEntries(
    Object.entries(spec.config['Labels'] ?? {}).map(([key, value]) => [key, String(value)]),
  );
  const answers = new Answers()
    .set(ask(containers), [
      {
        id: spec.id,
        name: spec.name,
        image: spec.image,
        labels: all,
        state: { ...spec.state, pid: 1 },
        driver: 'overlay2',
        graph: null,
        storageOpt: null,
        autoRemove: false,
        restart: { name: 'no', maximumRetryCount: 0 },
      },
    ])
    .set(ask(containerUses), [])
    .set(ask(replacements), [])
    .set(ask(compositions), begun)
    .set(askCopiedInto('/srv'), null)
    .set(askContainerSpec(spec.id), spec);
  const container = composeContainerOf({ name: spec.name, image: spec.image, labels: all });
  return container === undefined ? answers : answers.set(askComposeProject(container), { ...project, ...found });
}

const scriptOf = (planned: ReturnType<typeof planLawfully>): string => {
  const action = planned.outcome === 'change' ? planned.changes[0]?.actions[0] : undefined;
  if (action?.kind !== 'exec') throw new Error(JSON.stringify(planned));
  return action.stdin ?? '';
};

describe('recreate_container with compose: override', () => {
  it('has Compose make the container anew, from the files of the labels and one more', () => {
    const planned = planLawfully(recreateContainer, want({ memory: '512MiB' }), world(composed()));
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [
        {
          subject: 'container:plain',
          atomic: true,
          before: { 'plain files': '/srv/shop/compose.yaml', 'plain memory bytes': 0 },
          after: {
            'plain files': '/srv/shop/compose.yaml, /srv/shop/compose.plimsoll.db.yaml',
            'plain memory bytes': 512 * 1024 ** 2,
          },
        },
      ],
    });
    expect(planned.warnings?.join()).toMatch(/Compose removes the old container, so that none is kept/);
    expect(planned.owed?.join()).toMatch(/plain is what it is by \/srv\/shop\/compose.plimsoll.db.yaml/);
    expect(scriptOf(planned)).toMatch(
      /after\(\) \{ "\$@" -f \/srv\/shop\/compose.yaml -f \/srv\/shop\/compose.plimsoll.db.yaml; \}/,
    );
  });

  it('asks each thing in a file of its own, after those of before, and reads the variables from the same files', () => {
    const files = {
      ...labels,
      [label('project.config_files')]: 'compose.yaml,/srv/shop/compose.plimsoll.db.yaml',
      [label('project.environment_file')]: '/etc/shop.env',
    };
    const planned = planLawfully(recreateContainer, want({ memory: '512MiB' }), world(composed({}, files)));
    expect(scriptOf(planned)).toMatch(
      /after\(\) \{ "\$@" --env-file \/etc\/shop.env -f \/srv\/shop\/compose.yaml -f \/srv\/shop\/compose.plimsoll.db.yaml -f \/srv\/shop\/compose.plimsoll.db.2.yaml; \}/,
    );
  });

  it('says what is owed until the project itself makes the same', () => {
    const files = {
      ...labels,
      [label('project.config_files')]: '/srv/shop/compose.yaml,/srv/shop/compose.plimsoll.db.yaml',
    };
    const owed = planLawfully(
      recreateContainer,
      want({ restart: 'no' }),
      world(composed({}, files), { plain: ['Container plain Recreate'] }),
    );
    expect(owed).toMatchObject({ outcome: 'noop', owed: [expect.stringMatching(/COMPOSE_FILE/)] });
    const paid = planLawfully(
      recreateContainer,
      want({ restart: 'no' }),
      world(composed({}, files), { plain: ['Container plain Running'] }),
    );
    expect(paid).toEqual({ outcome: 'noop', reason: 'plain is as it is asked for' });
  });

  it('goes on from what was written down when the container is gone already', () => {
    const spec = composed();
    const begun: Composition = {
      old: spec.id,
      new: undefined,
      name: 'plain',
      project: 'shop',
      service: 'db',
      step: 'making',
    };
    const half = { ...spec, id: 'e'.repeat(64), name: 'e1e1e1e1e1e1_plain' };
    const known = world(half, {}, [begun]).set(askComposedSpec(spec.id), spec);
    const fresh = planLawfully(recreateContainer, want({ memory: '512MiB' }), world(spec));
    const planned = planLawfully(recreateContainer, want({ memory: '512MiB' }), known);
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [{ subject: 'container:plain', before: { underWay: 'making' } }],
    });
    expect(scriptOf(planned)).toBe(scriptOf(fresh));
  });

  const stopped = composed({ state: { ...plain.state, running: false, status: 'exited' } });
  const cases: readonly (readonly [string, ContainerSpec, Partial<ComposeProject>, object, RegExp])[] = [
    ['Compose is missing', composed(), { tool: undefined }, {}, /neither docker compose nor docker-compose/],
    ['the directory is missing', composed(), { directoryExists: false }, {}, /\/srv\/shop, is not on this host/],
    [
      'a file is missing',
      composed(),
      { missing: ['/srv/shop/compose.yaml'] },
      {},
      /not on this host: \/srv\/shop\/compose.yaml/,
    ],
    [
      'somebody else wrote a file of that name',
      composed(),
      { override: 'other' },
      {},
      /not as plimsoll has written it/,
    ],
    ['there are several containers', composed(), { replicas: 3 }, {}, /has 3 containers/],
    [
      'files or environment are others',
      composed(),
      { would: ['Container plain Recreate'] },
      {},
      /would not make plain as it is/,
    ],
    [
      'Compose would do more than nothing',
      composed(),
      { would: ['Network shop_default Removed', 'Container plain Running'] },
      {},
      /Network shop_default Removed/,
    ],
    [
      'Compose cannot read them',
      composed(),
      { would: undefined, complaint: 'required variable X is missing' },
      {},
      /required variable X is missing/,
    ],
    ['docker-compose 1 cannot', composed(), { suits: false }, {}, /ContainerConfig/],
    ['it does not run', stopped, {}, {}, /does not run/],
    [
      'docker compose run made it',
      composed({}, { ...labels, [label('oneoff')]: 'True' }),
      {},
      {},
      /docker compose run/,
    ],
    [
      'the labels do not say',
      composed({}, { ...labels, [label('project.config_files')]: '' }),
      {},
      {},
      /do not say which files/,
    ],
    [
      'a label is to be taken out',
      composed({}, { ...labels, tier: 'front' }),
      {},
      { labels: { tier: null } },
      /cannot take out the label tier/,
    ],
    [
      'a port is published already',
      composed({ hostConfig: { ...plain.hostConfig, PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] } } }),
      {},
      { ports: { 80: 8080 } },
      /publishes its port 80\/tcp already/,
    ],
    [
      'an override would take the path below a volume',
      composed({
        hostConfig: {
          ...plain.hostConfig,
          Mounts: [{ Type: 'volume', Source: 'one', Target: '/data/', VolumeOptions: { Subpath: 'sub' } }],
        },
        mounts: [{ Type: 'volume', Name: 'one', Source: '/v/one', Destination: '/data', RW: true }],
      }),
      {},
      { mounts: { '/data': { bind: '/srv' } } },
      /\/data has VolumeOptions\.Subpath/,
    ],
    [
      'it has written to its layer',
      composed({ writes: [{ kind: 'A', path: '/etc/x' }] }),
      {},
      {},
      /written to its own layer/,
    ],
    ['Swarm has made it', composed({}, { ...labels, 'com.docker.swarm.task': 'x' }), {}, {}, /Docker Swarm/],
  ];
  it.each(cases)('is refused where %s', (_what, spec, found, more, reason) => {
    const planned = planLawfully(recreateContainer, want({ memory: '512MiB', ...more }), world(spec, found));
    expect(planned).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(reason) });
  });

  it('is refused when it is not said, and names the way', () => {
    const planned = planLawfully(
      recreateContainer,
      recreateContainer.schema.parse({ container: 'plain', memory: '512MiB' }),
      world(composed()),
    );
    expect(planned).toMatchObject({
      outcome: 'refused',
      remedy: expect.stringMatching(/^say compose: override, .*docker compose -p shop/s),
    });
  });
});

describe('the override file', () => {
  it('is YAML that says what is asked, whatever the values hold', () => {
    const nasty = 'a$b ${X} "q" \\ \u0085\u007f: # !x\n- \u2028';
    const text = overrideText(
      'on',
      composed({ mounts: [{ Type: 'volume', Name: 'old', Destination: '/data', RW: true }] }),
      {
        memory: 2 ** 26,
        nanoCpus: 1.5e9,
        env: { NO: nasty, GONE: null },
        labels: { yes: '$' },
        restart: { name: 'on-failure', maximumRetryCount: 3 },
        ports: { '80/tcp': [{ hostIp: '::1', hostPort: '8080' }] },
        mounts: { '/data': { volume: 'foo-1', readOnly: true }, '/srv': { bind: '/x$y' } },
        image: 'b:1',
        storageSize: 2 ** 30,
      },
    );
    expect(text).not.toMatch(/[\u007f-\u009f\u2028]/);
    expect(parse(text, { version: '1.1' })).toEqual({
      services: {
        on: {
          image: 'b:1',
          mem_limit: '67108864',
          cpus: 1.5,
          deploy: { resources: { limits: { cpus: '1.5', memory: '67108864' } } },
          restart: 'on-failure:3',
          storage_opt: { size: '1073741824' },
          environment: { NO: nasty.replaceAll('$', '$$$$'), GONE: null },
          labels: { yes: '$$' },
          ports: ['[::1]:8080:80/tcp'],
          volumes: ['plimsoll_foo-1:/data:ro,nocopy', { type: 'bind', source: '/x$$y', target: '/srv' }],
        },
      },
      volumes: { 'plimsoll_foo-1': { external: true, name: 'foo-1' } },
    });
  });
});

describe('the comparison on the host', () => {
  const compare = (
    patch: Parameters<typeof composedDifferences>[1],
    was: readonly string[],
    is: readonly string[],
  ): string => {
    const { always, asked, wanted, unwanted, more } = composedDifferences(composed(), patch);
    const script = `work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; unasked_of=$1 wanted=$2 unwanted=$3 more=$4\n${descriptionFunctions}\nprintf %s "$5" | digested >"$work/1"; printf %s "$6" | digested >"$work/2"; differing "$work/1" "$work/2"`;
    const { stdout, stderr, status } = runScript(script, [
      [...always, ...asked].join('\n'),
      wanted.join('\n'),
      unwanted.join('\n'),
      more ? '1' : '',
      `${was.join('\n')}\n`,
      `${is.join('\n')}\n`,
    ]);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return stdout.trim();
  };
  const base = [
    'Image\t"sha256:1"',
    'Env "A"\t"A=1"',
    'Env "B"\t"B=2"',
    'HostConfig.Memory\t0',
    'HostConfig.CpuShares\t0',
    'Label "own"\t"x"',
    `Label "${label('config-hash')}"\t"1"`,
    'Mount "/data"\t"volume" "foo" true',
  ];
  const changed = (...pairs: readonly (readonly [string, string])[]): readonly string[] =>
    pairs.reduce<readonly string[]>(
      (lines, [from, to]) => lines.map((each) => (each === from ? to : each)).filter((each) => each !== ''),
      base,
    );

  it('finds nothing where only order, what Compose writes, and what is asked differ', () => {
    expect(
      compare(
        {},
        base,
        [...base].reverse().map((each) => each.replace('-hash"\t"1"', '-hash"\t"2"')),
      ),
    ).toBe('');
    expect(
      compare(
        { memory: 5, env: { A: '2', B: null } },
        base,
        changed(
          ['HostConfig.Memory\t0', 'HostConfig.Memory\t5'],
          ['Env "A"\t"A=1"', 'Env "A"\t"A=2"'],
          ['Env "B"\t"B=2"', 'Env "B"\t"B"'],
        ),
      ),
    ).toBe('');
  });

  it('names what differs, what was asked for and is not there, and what is still there; never a value', () => {
    expect(compare({}, base, changed(['HostConfig.CpuShares\t0', 'HostConfig.CpuShares\t512']))).toBe(
      'HostConfig.CpuShares',
    );
    expect(compare({}, base, changed(['Env "A"\t"A=1"', 'Env "A"\t"A=secret"']))).toBe('Env "A"');
    expect(compare({}, base, changed(['Mount "/data"\t"volume" "foo" true', '']))).toBe('Mount "/data"');
    expect(compare({ memory: 5 }, base, base)).toBe('HostConfig.Memory');
    expect(compare({ env: { B: null } }, base, base)).toBe('Env "B"');
    expect(compare({}, base, [])).toBe('the comparison itself');
  });
});

describe('the facts', () => {
  it('what Compose makes of a project', () => {
    const stdout =
      'tool 2.40.3 docker compose\ndirectory\nmissing /a b\noverride ours\nreplica 1\nsuits\nwould Container x Recreate\nwould Container x Started\nplain unknown\nend\n';
    expect(composeProject.parse({ status: 0, stdout, stderr: '' }, ['x'])).toEqual({
      tool: { command: 'docker compose', release: '2.40.3' },
      directoryExists: true,
      missing: ['/a b'],
      override: 'ours',
      replicas: 1,
      would: ['Container x Recreate', 'Container x Started'],
      complaint: '',
      suits: true,
      plain: ['unknown'],
    });
    expect(() => composeProject.parse({ status: 1, stdout: '', stderr: 'no' }, ['x'])).toThrow(/could not be read/);
  });

  it('what is under way takes the place of whatever Compose has left', () => {
    const old = 'a'.repeat(64);
    const text = `old ${old}\nname app\nproject shop\nservice db\nnew \nstep back\nend\n`;
    const begun = compositions.parse({ status: 0, stdout: text, stderr: '' }, []);
    expect(begun).toEqual([{ old, new: undefined, name: 'app', project: 'shop', service: 'db', step: 'back' }]);
    const [one] = world(composed()).the(ask(containers));
    if (one === undefined) throw new Error('no container');
    const other = { ...one, id: 'b'.repeat(64), name: 'other', labels: {} };
    expect(withComposed([one, other], begun).map(({ id, name }) => ({ id, name }))).toEqual([
      { id: other.id, name: 'other' },
      { id: old, name: 'app' },
    ]);
    expect(withComposed([], begun).map(({ id, name }) => ({ id, name }))).toEqual([{ id: old, name: 'app' }]);
  });
});
