import * as z from 'zod';
import { argvFact, probeFact } from '../../facts/argv.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { ProgramOutput } from '../../facts/argv.ts';
import { isObject } from '../../values/json.ts';
import { refuse } from '../../values/refusal.ts';
import { commandLine } from '../../values/shell.ts';
import { oneLine } from '../../values/terminal.ts';
import { argv, duration, hostPath } from '../engine/input.ts';
import { defineOperation } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';

const timing = {
  for: duration.default(60).describe('give up after this time; 60 s when absent'),
  every: duration.default(2).describe('the time between two looks; 2 s when absent'),
};

const schema = z.union(
  [
    z.strictObject({
      argv: argv.describe('a program that exits with 0 when it is so; it must change nothing'),
      equals: z.string().optional().describe('what it must print too; white space around it does not count'),
      ...timing,
    }),
    z.strictObject({
      port: z.number().int().min(1).max(65_535).describe('a TCP port of the host that is listened on'),
      ...timing,
    }),
    z.strictObject({ path: hostPath.describe('a path that exists'), ...timing }),
    z.strictObject({
      container: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "must be a container's exact name or id")
        .describe('the exact name or id of a container'),
      state: z
        .enum(['running', 'healthy'])
        .default('running')
        .describe('what the container is to be; healthy: as its health check says'),
      ...timing,
    }),
  ],
  {
    error:
      'must have one of argv, port, path or container (with state: running or healthy), and may have for and every',
  },
);
type Want = z.infer<typeof schema>;

interface Probe {
  readonly argv: readonly string[];
  /** A program of ours, and not of the playbook. */
  readonly own: boolean;
  readonly equals?: string;
  /** For people: what is waited for. */
  readonly what: string;
}

/** Reads the kernel's own table, in which 0A means LISTEN: no tool is needed, and nothing connects to the service. */
const listening = `cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$1" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'`;

const stateFormat = {
  running: '{{.State.Running}}',
  healthy: '{{with index .State "Health"}}{{.Status}}{{else}}no health check{{end}}',
} as const;

function probeOf(want: Want): Probe {
  if ('argv' in want)
    return {
      argv: want.argv,
      own: false,
      what: commandLine(want.argv),
      ...(want.equals === undefined ? {} : { equals: want.equals }),
    };
  if ('port' in want)
    return {
      argv: ['/bin/sh', '-c', listening, 'sh', want.port.toString(16).toUpperCase().padStart(4, '0')],
      own: true,
      what: `port ${String(want.port)} is listened on`,
    };
  if ('path' in want) return { argv: ['test', '-e', want.path], own: true, what: `${want.path} exists` };
  return {
    argv: ['docker', 'inspect', '--type', 'container', '--format', stateFormat[want.state], '--', want.container],
    own: true,
    equals: want.state === 'running' ? 'true' : 'healthy',
    what: `container ${want.container} is ${want.state}`,
  };
}

function reading({ argv, own }: Probe): FactRequest<ProgramOutput> {
  return ask(own ? probeFact : argvFact, '', '', ...argv);
}

export const waitFor = defineOperation({
  name: 'wait_for',
  summary: 'Wait until a command succeeds, a port is listened on, a path exists, or a container runs or is healthy',
  schema,
  readOnly: false,
  reads: {
    program: (want) =>
      'argv' in want ? { action: { kind: 'exec', argv: want.argv }, request: reading(probeOf(want)) } : undefined,
    possible: (written) => !isObject(written) || 'argv' in written,
  },
  repeats: false,
  *read(want) {
    const probe = probeOf(want);
    const [{ status, stdout }] = yield* together(reading(probe));
    return { probe, status, stdout };
  },
  plan(want, { probe, status, stdout }) {
    if (status === 0 && (probe.equals === undefined || stdout.trim() === probe.equals.trim()))
      return { outcome: 'noop', reason: `${oneLine(probe.what, 120)} now` };
    if (status === 0 && 'container' in want && stdout.trim() === 'no health check') {
      return refuse(
        `container ${want.container} has no health check: it would never be healthy`,
        'wait for state: running, or give its image a HEALTHCHECK',
      );
    }
    return {
      outcome: 'change',
      changes: [
        {
          summary: `wait until ${oneLine(probe.what, 120)} (at most ${String(want.for)} s)`,
          before: { holds: false },
          after: { holds: true },
          actions: [
            {
              kind: 'wait-until',
              argv: probe.argv,
              everySeconds: want.every,
              forSeconds: want.for,
              what: probe.what,
              ...(probe.equals === undefined ? {} : { equals: probe.equals }),
            },
          ],
          undo: [],
          atomic: false,
          bindings: {},
        },
      ],
    };
  },
  touches: () => ({ reads: ['*'], changes: [] }),
});
