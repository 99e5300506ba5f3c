import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { Change } from '../../src/operations/engine/change.ts';
import { isPlanFile, parsePlanFile, planFileText, planFileVersion } from '../../src/plan/plan-file.ts';
import type { PlanFile } from '../../src/plan/plan-file.ts';
import { canonicalJson } from '../../src/values/json.ts';
import { planFiles } from './arbitrary.ts';
import { sha256 } from './sha256.ts';

const playbook = 'name: Grow\nhosts: all\nsteps:\n  - grow_rootfs: { container: app, size: 20GiB }\n';
const change: Change = {
  summary: 'app: 10 GiB → 20 GiB (xfs)',
  before: { container: 'a'.repeat(64), deviceBytes: 10 },
  after: { container: 'a'.repeat(64), deviceBytes: 20 },
  actions: [
    {
      kind: 'exec',
      argv: ['dmsetup', 'resume', 'docker-1'],
      check: { argv: ['blockdev', '--getsize64', '/dev/mapper/docker-1'], equals: '20' },
    },
  ],
  undo: 'irreversible',
  finalize: [{ kind: 'exec', argv: ['rm', '-f', '--', '/var/lib/plimsoll/backup/x'] }],
  atomic: true,
  bindings: { device: 'docker-1' },
};
const file: PlanFile = {
  playbook: { file: 'playbooks/grow.yaml', sha256: sha256(playbook), text: playbook },
  inputs: { inventory: ['inventory.yaml'], tags: [], skipTags: ['slow'], vars: { target: '20GiB' } },
  hosts: [
    {
      host: 'web-1',
      steps: [
        {
          id: '1.1',
          step: 'Grow',
          operation: 'grow_rootfs',
          where: 'playbooks/grow.yaml:4:5',
          want: { container: 'app', size: '20GiB' },
          planned: { outcome: 'change', changes: [change], owed: ['a restart'] },
        },
      ],
    },
    {
      host: 'web-2',
      steps: [],
      error: new AppError('unreachable', 'web-2: no route', { hint: 'switch it on', where: 'inventory.yaml:3:3' }),
    },
  ],
};
const text = planFileText(file, sha256);
const read = (from: string): PlanFile => parsePlanFile(from, 'grow.json', sha256);

/** The file with something else in it, and a digest that fits again. */
function forged(change: (content: Record<string, unknown>) => unknown, version: unknown = planFileVersion): string {
  const {
    plimsoll: _plimsoll,
    version: _version,
    digest: _digest,
    ...content
  } = JSON.parse(text) as Record<string, unknown>;
  const changed = change(content) ?? content;
  return JSON.stringify({ plimsoll: 'plan', version, digest: sha256(canonicalJson(changed)), ...changed });
}

describe('a saved plan', () => {
  it('is what it was when it is read again, whatever is in it', () => {
    fc.assert(
      fc.property(planFiles, (any) => {
        const written = planFileText(any, sha256);
        const again = read(written);
        expect(again).toEqual(any);
        expect(planFileText(again, sha256)).toBe(written);
        expect(isPlanFile(written)).toBe(true);
        for (const { error } of again.hosts) expect(error === undefined || error instanceof AppError).toBe(true);
        expect(again.hosts.map(({ error }) => [error?.code, error?.hint, error?.where])).toEqual(
          any.hosts.map(({ error }) => [error?.code, error?.hint, error?.where]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is the same text for the same plan, in whatever order its keys were made', () => {
    const shuffled: PlanFile = {
      hosts: file.hosts.map(({ steps, ...rest }) => ({
        steps: steps.map(({ planned, want, ...step }) => ({ planned, want, ...step })),
        ...rest,
      })),
      inputs: file.inputs,
      playbook: { text: playbook, sha256: file.playbook.sha256, file: file.playbook.file },
    };
    expect(planFileText(shuffled, sha256)).toBe(text);
  });

  it('is laid out for a reviewer: the head, the playbook line by line, then one object for each host', () => {
    expect(text.split('\n')).toEqual([
      '{',
      '  "plimsoll": "plan",',
      '  "version": 1,',
      expect.stringMatching(/^ {2}"digest": "[0-9a-f]{64}",$/),
      '  "playbook": {',
      '    "file": "playbooks/grow.yaml",',
      expect.stringMatching(/^ {4}"sha256": "[0-9a-f]{64}",$/),
      '    "text": ["name: Grow", "hosts: all", "steps:", "  - grow_rootfs: { container: app, size: 20GiB }", ""]',
      '  },',
      '  "inputs": {',
      '    "inventory": ["inventory.yaml"],',
      '    "tags": [],',
      '    "skipTags": ["slow"],',
      '    "vars": {',
      '      "target": "20GiB"',
      '    }',
      '  },',
      '  "hosts": [',
      '    {',
      '      "host": "web-1",',
      '      "steps": [',
      '        {',
      '          "id": "1.1",',
      '          "step": "Grow",',
      '          "operation": "grow_rootfs",',
      '          "where": "playbooks/grow.yaml:4:5",',
      '          "want": {',
      '            "container": "app",',
      '            "size": "20GiB"',
      '          },',
      '          "planned": {',
      '            "outcome": "change",',
      '            "changes": [',
      '              {',
      '                "summary": "app: 10 GiB → 20 GiB (xfs)",',
      '                "before": {',
      `                  "container": "${'a'.repeat(64)}",`,
      '                  "deviceBytes": 10',
      '                },',
      '                "after": {',
      `                  "container": "${'a'.repeat(64)}",`,
      '                  "deviceBytes": 20',
      '                },',
      '                "actions": [',
      '                  {',
      '                    "kind": "exec",',
      '                    "argv": ["dmsetup", "resume", "docker-1"],',
      '                    "check": {',
      '                      "argv": ["blockdev", "--getsize64", "/dev/mapper/docker-1"],',
      '                      "equals": "20"',
      '                    }',
      '                  }',
      '                ],',
      '                "undo": "irreversible",',
      '                "finalize": [',
      '                  {',
      '                    "kind": "exec",',
      '                    "argv": ["rm", "-f", "--", "/var/lib/plimsoll/backup/x"]',
      '                  }',
      '                ],',
      '                "atomic": true,',
      '                "bindings": {',
      '                  "device": "docker-1"',
      '                }',
      '              }',
      '            ],',
      '            "owed": ["a restart"]',
      '          }',
      '        }',
      '      ]',
      '    },',
      '    {',
      '      "host": "web-2",',
      '      "error": {',
      '        "code": "unreachable",',
      '        "message": "web-2: no route",',
      '        "hint": "switch it on",',
      '        "where": "inventory.yaml:3:3"',
      '      },',
      '      "steps": []',
      '    }',
      '  ]',
      '}',
      '',
    ]);
  });

  it('shows what a terminal or an editor would hide, or reorder', () => {
    const {
      hosts: [first, ...rest],
    } = file;
    const sly = planFileText(
      { ...file, hosts: [{ host: 'web\u202e-1\u200b\u0007\u2028', steps: first?.steps ?? [] }, ...rest] },
      sha256,
    );
    expect(sly).toContain('"host": "web\\u202e-1\\u200b\\u0007\\u2028"');
    expect(read(sly).hosts[0]?.host).toBe('web\u202e-1\u200b\u0007\u2028');
  });

  it('survives what editors, git and formatters do to white space', () => {
    for (const other of [
      `\uFEFF${text}`,
      text.replaceAll('\n', '\r\n'),
      JSON.stringify(JSON.parse(text)),
      JSON.stringify(JSON.parse(text), null, '\t'),
    ]) {
      expect(isPlanFile(other)).toBe(true);
      expect(read(other)).toEqual(file);
    }
  });

  it('says what went wrong on a host, and not what caused it', () => {
    const error = new AppError('unreachable', 'no route', { cause: new Error('EHOSTUNREACH 10.0.0.7') });
    expect(
      read(planFileText({ ...file, hosts: [{ host: 'web-1', steps: [], error }] }, sha256)).hosts[0]?.error,
    ).toEqual(new AppError('unreachable', 'no route'));
  });

  it('is not written with what could not be read again', () => {
    const {
      hosts: [first],
    } = file;
    const broken = { ...file, hosts: [{ host: '', steps: first?.steps ?? [] }] };
    expect(() => planFileText(broken, sha256)).toThrow();
    expect(() => planFileText({ ...file, inputs: { ...file.inputs, vars: { n: Number.NaN } } }, sha256)).toThrow();
  });
});

describe('a file that is no plan, or not the plan that was made', () => {
  const step = (content: Record<string, unknown>): Record<string, unknown> =>
    (content as { hosts: { steps: Record<string, unknown>[] }[] }).hosts[0]?.steps[0] ?? {};
  const hosts = (content: Record<string, unknown>): Record<string, unknown>[] =>
    content['hosts'] as Record<string, unknown>[];
  it.each<[string, string, RegExp]>([
    ['nothing', '', /^grow\.json is empty$/],
    ['white space', '\n \t\n', /is empty/],
    ['a playbook', playbook, /is not a saved plan/],
    ['a playbook in JSON', '{"hosts": "all", "steps": []}', /is not a saved plan/],
    ['a list', `[${text}]`, /is not a saved plan/],
    ['half of it', text.slice(0, text.length / 2), /is cut off or damaged/],
    ['all but its last brace', text.trimEnd().slice(0, -1), /is cut off or damaged/],
    ['its head', '{ "plimsoll": "plan"', /is cut off or damaged/],
    ['two of them', text + text, /is cut off or damaged/],
    ['a merge conflict', text.replace('  "hosts"', '<<<<<<< HEAD\n  "hosts"'), /is cut off or damaged/],
    ['the marker in another place', '{"a": {"plimsoll": "plan"}}', /is not a saved plan/],
    ['no version', forged(() => undefined, null), /its version is missing/],
    ['a version that is none', forged(() => undefined, '1'), /its version is missing or is none/],
    [
      'a newer version',
      forged((content) => ({ ...content, more: 1 }), 2),
      /was made by a newer plimsoll: it is a plan of version 2, and this plimsoll knows up to 1/,
    ],
    ['another size', text.replace('"equals": "20"', '"equals": "30"'), /was edited after it was made/],
    [
      'a host less',
      text.replace(/,\n {4}\{\n {6}"host": "web-2"[^]*\n {2}\]/, '\n  ]'),
      /was edited after it was made/,
    ],
    ['another digest', text.replace(/"digest": "./, '"digest": "x'), /was edited after it was made/],
    ['no digest', text.replace(/ {2}"digest".*\n/, ''), /was edited after it was made/],
    [
      'a key that stands twice',
      text.replace('  "hosts": [', '  "hosts": [],\n  "hosts": ['),
      /a key stands in it twice/,
    ],
    [
      'what is nested too deep',
      text.replace('"steps": []', `"steps": ${'['.repeat(5000)}${']'.repeat(5000)}`),
      /nested 500\d levels deep/,
    ],
    ['an unknown key', forged((content) => ({ ...content, extra: 1 })), /Unrecognized key: "extra"/],
    [
      'an unknown key deep inside',
      forged((content) => void (step(content)['secret'] = 1)),
      /Unrecognized key: "secret".*hosts\[0\]\.steps\[0\]/,
    ],
    [
      'an unknown action',
      forged(
        (content) =>
          void (step(content)['planned'] = {
            outcome: 'change',
            changes: [{ ...change, actions: [{ kind: 'format', device: '/dev/sda' }] }],
          }),
      ),
      /is not a plan that can be applied/,
    ],
    ['no hosts', forged(({ playbook: _playbook, ...content }) => content), /is not a plan that can be applied/],
    [
      'an unknown error code',
      forged(
        (content) => void (hosts(content)[1] = { host: 'web-2', steps: [], error: { code: 'toString', message: '' } }),
      ),
      /is not an error code/,
    ],
    [
      'another playbook',
      forged((content) => ({
        ...content,
        playbook: { file: 'a', sha256: file.playbook.sha256, text: ['hosts: all'] },
      })),
      /its text does not fit its sha256/,
    ],
    [
      'a host twice',
      forged((content) => void hosts(content).push({ host: 'web-1', steps: [] })),
      /holds the host web-1 twice/,
    ],
    [
      'a step twice',
      forged((content) => void (hosts(content)[0] = { host: 'web-1', steps: [step(content), step(content)] })),
      /holds the step 1\.1 of web-1 twice/,
    ],
  ])('%s is refused', (_what, from, message) => {
    expect(() => read(from)).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/plan/),
      }),
    );
  });

  it.each([
    ['a plan', text, true],
    ['the half of one', text.slice(0, 300), true],
    [
      'one with its keys sorted',
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).sort())),
      true,
    ],
    ['a playbook', playbook, false],
    ['a playbook in JSON', JSON.stringify({ hosts: 'all', steps: [] }), false],
    ['a playbook that speaks of one', `# {"plimsoll": "plan"}\n${playbook}`, false],
    ['nothing', '', false],
  ])('%s is told from a playbook', (_what, from, is) => {
    expect(isPlanFile(from)).toBe(is);
  });

  it('never becomes a plan by a change of one character', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', '9', 'x', '"', '{', ',', ' '), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        try {
          expect(read(changed)).toEqual(file);
        } catch (thrown) {
          if (!(thrown instanceof AppError)) throw thrown;
          expect(thrown.code).toBe('config');
        }
      }),
      { numRuns: 500 },
    );
  });
});
