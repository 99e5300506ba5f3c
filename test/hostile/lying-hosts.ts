import type { HostSpec, ToolFault } from '../../lab/sim/spec.ts';

const gib = 1024 ** 3;
export const app = { name: 'app-1', bytes: 10 * gib };

/** A host that lets plimsoll in as it should, and whose tools say or do what no honest one's do. */
export interface LyingHost {
  /** What it does, for whoever reads a failed test. */
  readonly does: string;
  readonly spec: HostSpec;
  /** How a run that grows its container may end for it. */
  readonly ends: readonly ('changed' | 'refused' | 'failed' | 'unreachable')[];
}

function liar(
  name: string,
  does: string,
  fault: ToolFault,
  ends: LyingHost['ends'] = ['refused', 'failed', 'unreachable'],
): LyingHost {
  return { does, spec: { name, kind: 'dm-xfs', containers: [app], faults: [fault] }, ends };
}

const escapes = '\\033]0;owned\\007\\033[2J\\033]52;c;b3duZWQ=\\007\\n';
const deep = '['.repeat(20_000);

/** The kinds of lies that a host can tell once it is connected. */
export const lyingHosts: readonly LyingHost[] = [
  {
    does: 'names its containers as commands and as escapes',
    ends: ['changed'],
    spec: {
      name: 'hostile-names',
      kind: 'dm-xfs',
      containers: [
        app,
        { name: '$(reboot)', bytes: 10 * gib },
        { name: '\u001b]0;owned\u0007', bytes: 10 * gib },
        { name: '--help', bytes: 10 * gib },
        { name: '../../etc', bytes: 10 * gib },
      ],
    },
  },
  {
    does: 'has labels that break out of JSON, CSV and HTML',
    ends: ['changed'],
    spec: {
      name: 'hostile-labels',
      kind: 'dm-xfs',
      containers: [{ ...app, labels: { __proto__: 'x', '"><script>': '=1+1;\u202e', 'a\nb': '\u0000' } }],
    },
  },
  liar('flooding-info', 'floods where it is asked for its Docker', {
    tool: 'docker',
    when: 'info*',
    action: 'flood',
    argument: 60_000_000,
  }),
  liar('flooding-inspect', 'floods where it is asked for its containers', {
    tool: 'docker',
    when: '*inspect*',
    action: 'flood',
    argument: 60_000_000,
  }),
  liar('flooding-tool', 'floods where it is to act', { tool: 'xfs_growfs', action: 'flood', argument: 60_000_000 }, [
    'changed',
    'failed',
  ]),
  liar('escaping-info', 'says escapes in place of its Docker', {
    tool: 'docker',
    when: 'info*',
    action: 'print',
    argument: escapes,
  }),
  liar('escaping-tool', 'says escapes where it acts', { tool: 'xfs_growfs', action: 'print', argument: escapes }, [
    'changed',
    'failed',
  ]),
  liar('deep-answer', 'answers with brackets without end', {
    tool: 'docker',
    when: '*inspect*',
    action: 'print',
    argument: deep,
  }),
  liar('half-answer', 'stops in the middle of an answer', {
    tool: 'docker',
    when: '*inspect*',
    action: 'print',
    argument: '{"Id":"',
  }),
  liar('prototype', 'answers with a key that JavaScript knows', {
    tool: 'docker',
    when: '*inspect*',
    action: 'print',
    argument: '{"__proto__":{"outcome":"noop"},"constructor":{"prototype":{"x":1}}}\\n',
  }),
  liar(
    'another-hosts-pool',
    'answers with the pool of another host',
    {
      tool: 'dmsetup',
      when: 'table*',
      action: 'print',
      argument: '0 209715200 thin-pool 253:9 253:8 128 32768 1 skip_block_zeroing\\n',
    },
    ['changed', 'refused', 'failed'],
  ),
  liar(
    'huge-numbers',
    'says sizes that no number holds',
    { tool: 'blockdev', action: 'print', argument: '99999999999999999999999999999\\n' },
    ['changed', 'refused', 'failed'],
  ),
  liar('says-no', 'fails whatever is asked of its Docker', { tool: 'docker', action: 'fail', argument: 125 }),
  liar('no-lock', 'says that its lock is held for ever', { tool: 'flock', action: 'fail', argument: 1 }),
  liar('stalls-when-asked', 'never answers a fact', { tool: 'docker', when: 'info*', action: 'hang' }),
  // A change that must not be cut in two is waited for as long as it may take: test/faults/hung-and-down.test.ts.
  liar(
    'slow-when-told',
    'takes its time with what it is told to do',
    { tool: 'xfs_growfs', action: 'delay', argument: 3 },
    ['changed'],
  ),
  {
    does: 'cuts every connection after some answers',
    ends: ['failed', 'unreachable'],
    spec: { name: 'cutting', kind: 'dm-xfs', containers: [app], dropAfterBytes: 3000 },
  },
  {
    does: 'lets nobody become root',
    ends: ['refused', 'unreachable'],
    spec: { name: 'no-sudo', kind: 'dm-xfs', containers: [app], sudo: 'no' },
  },
];
