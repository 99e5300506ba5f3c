import fc from 'fast-check';
import { operationCases } from '../operations/cases.ts';
import type { Ground, GroundChoice, Theme } from './ground.ts';
import { groundOf } from './ground.ts';
import { Pick } from './pick.ts';
import type { Places } from './places.ts';
import type { StepMaker } from './step-maker.ts';

interface StepChoice {
  readonly operation: string;
  readonly control: number;
  readonly numbers: readonly number[];
}

/** A scenario, by the numbers that chose it: plain data, which a failure is shrunk in and printed as. */
export interface Scenario {
  readonly ground: GroundChoice;
  readonly steps: readonly StepChoice[];
  /** Applied is a saved plan, or the playbook after a look at its preview. */
  readonly saved: boolean;
  /** What somebody does to the host between the preview and the consent; 0: nothing. */
  readonly drift: number;
}

const numbers = (most: number): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.nat(999), { minLength: most, maxLength: most });

function scenariosOf(theme: Theme): fc.Arbitrary<Scenario> {
  const all = [...operationCases.keys()];
  const fitting = [...operationCases].flatMap(([name, { steps }]) => (steps.themes.includes(theme) ? [name] : []));
  const operation = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...fitting) },
    { weight: 1, arbitrary: fc.constantFrom(...all) },
  );
  return fc.record({
    ground: fc.record({
      theme: fc.constant(theme),
      kind: fc.nat(999),
      containers: fc.array(numbers(14), { minLength: theme === 'files' ? 0 : 1, maxLength: 3 }),
      volumes: fc.array(numbers(4), { minLength: theme === 'volumes' ? 1 : 0, maxLength: 5 }),
      history: numbers(8),
    }),
    steps: fc.array(fc.record({ operation, control: fc.nat(11), numbers: numbers(10) }), {
      minLength: 1,
      maxLength: 5,
    }),
    saved: fc.boolean(),
    drift: fc.oneof(
      { weight: 2, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 999 }) },
    ),
  });
}

export const scenarios: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 4, arbitrary: scenariosOf('files') },
  { weight: 3, arbitrary: scenariosOf('devicemapper') },
  { weight: 3, arbitrary: scenariosOf('volumes') },
);

/** What a scenario is once it is known where its files are. */
export interface Built {
  readonly ground: Ground;
  readonly needsPeer: boolean;
  readonly playbook: { readonly hosts: string; readonly become: boolean; readonly steps: readonly object[] };
  /** Beside each file's path below `files` or `laptop`, its text. */
  readonly files: Readonly<Record<string, string>>;
  /** A shell script, on the host. */
  readonly drift: string | undefined;
  /** Names of steps that have nothing to do when they are applied again. */
  readonly settledAfter: ReadonlySet<string>;
}

export function build({ ground: choice, steps, drift }: Scenario, places: Places): Built {
  const ground = groundOf(choice);
  const made = steps.map((step, index) => stepOf(step, index + 1, ground, places));
  return {
    ground,
    needsPeer: steps.some(({ operation }) => makerOf(operation).peer === true),
    playbook: { hosts: ground.spec.name, become: true, steps: made.flatMap(({ nodes }) => nodes) },
    files: {
      'files/there': 'there\n',
      'files/more': 'more\n',
      'files/from/one': 'one\n',
      'files/from/below/two': 'two\n',
      'files/to/.keep': '',
      'files/full/other': 'other\n',
      'files/other/three': 'three\n',
      'laptop/new': 'new\n'.repeat(20),
      'laptop/other': 'other\n',
    },
    drift: drift === 0 ? undefined : driftOf(new Pick([drift - 1]), choice.theme, ground, places),
    settledAfter: new Set(made.flatMap(({ name, settled }) => (settled ? [name] : []))),
  };
}

interface Node {
  readonly name: string;
  readonly nodes: readonly object[];
  readonly settled: boolean;
}

/** In a block that is rescued, and with `on_error: continue`, a step that was refused is no failure of the run. */
const mayFail: ReadonlySet<number> = new Set([9, 10]);

function makerOf(operation: string): StepMaker {
  const cases = operationCases.get(operation);
  if (cases === undefined) throw new Error(`nothing makes steps of ${operation}`);
  return cases.steps;
}

function stepOf(
  { operation, control, numbers: chosen }: StepChoice,
  number: number,
  ground: Ground,
  places: Places,
): Node {
  const {
    input,
    needs = [],
    again = false,
  } = makerOf(operation).make({ number, pick: new Pick(chosen), ground, places });
  const name = `${String(number)} ${operation}`;
  const step = { name, [operation]: input };
  const before = needs.map((one, index) => ({ ...one, name: `${name}, before it ${String(index + 1)}` }));
  const register = `r${String(number)}`;
  const node = (...nodes: readonly object[]): Node => ({
    name,
    nodes: [...before, ...nodes],
    settled: !again && !mayFail.has(control),
  });
  const log = (text: string): object => ({
    name: `${name}, after it`,
    command: ['/bin/sh', '-c', 'echo "$1" >>"$2"', 'sh', text, `${places.files}/after`],
  });
  switch (control) {
    case 5:
      return node({ ...step, when: pickDocker(ground) });
    case 6:
      return node({ ...step, register }, { ...log('registered'), when: `${register} != null` });
    case 7:
      return node({ ...step, loop: ['a', 'b'] });
    case 8:
      return node({ name: `${name} in a block`, block: [step], always: [log('always')] });
    case 9:
      return node({
        name: `${name} in a block`,
        block: [step, { name: `${name} fails`, command: ['/bin/sh', '-c', 'exit 9'] }],
        rescue: [log('rescued')],
      });
    case 10:
      return node({ ...step, on_error: 'continue' });
    case 11:
      return node(
        { name: `${name} lists`, script: { text: 'echo a; echo b', read_only: true }, register },
        { ...log('${{ item }}'), loop: `\${{ ${register}.lines }}` },
        step,
      );
    default:
      return node(step);
  }
}

/** Without Docker its facts cannot be asked for. */
function pickDocker({ spec: { kind }, isDevicemapper }: Ground): string {
  return kind === 'no-docker'
    ? "host.name == 'host'"
    : `facts.docker.driver ${isDevicemapper ? '==' : '!='} "devicemapper"`;
}

/** What other people do to a host: mostly to what the steps are about. */
function driftOf(pick: Pick, theme: Theme, { containers, volumes }: Ground, { files }: Places): string {
  const [first = 'c1'] = containers;
  const [volume = 'none', other = 'none'] = volumes;
  const mine = `/var/lib/docker/volumes/${volume}/_data`;
  const device = `N=$(docker inspect --type container --format '{{.GraphDriver.Data.DeviceName}}' ${first}); set -- $(dmsetup table "$N")`;
  const containersChange = [`docker stop ${first}`, `docker start ${first}`, `docker rm -f ${first}`];
  const daemonChanges = [
    `printf '{"debug":true}\\n' >/etc/docker/daemon.json`,
    'systemctl restart docker',
    'systemctl stop docker',
  ];
  const drifts: Readonly<Record<Theme, readonly string[]>> = {
    files: [
      `echo changed >'${files}/there'`,
      `rm -rf '${files}/from' '${files}/other'`,
      `echo made >'${files}/made'; echo uploaded >'${files}/uploaded'`,
      `touch '${files}/to/new' '${files}/full/new'; rm -f '${files}/more'`,
      `rm -f '${files}/there'`,
    ],
    devicemapper: [
      `${device}; dmsetup load "$N" --table "0 $(($2 + 131072)) thin $4 $5" && dmsetup resume "$N"`,
      `truncate -c -s '>4294967296' /var/lib/docker/devicemapper/devicemapper/data`,
      ...containersChange,
      ...daemonChanges,
    ],
    volumes: [
      `echo more >'${mine}/grown'`,
      'docker volume create restored; docker volume create moved',
      `docker volume rm ${other}`,
      `docker create --name x -v ${other}:/x busybox:lab`,
      ...containersChange,
      ...daemonChanges,
    ],
  };
  return pick.of(drifts[theme]);
}
