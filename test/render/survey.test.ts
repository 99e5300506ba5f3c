import { describe, expect, it } from 'vitest';
import { paint } from '../../src/render/line.ts';
import { surveyCsv } from '../../src/render/survey/survey-csv.ts';
import { surveyHtml } from '../../src/render/survey/survey-html.ts';
import { surveyTable } from '../../src/render/survey/survey-table.ts';
import type { ShownSurvey } from '../../src/render/survey/survey-words.ts';
import { chooseFigures } from '../../src/survey/choose-figures.ts';
import { figuresOf } from '../../src/survey/figures.ts';
import type { HostSurvey } from '../../src/survey/host-survey.ts';
import { noSurvey } from '../../src/survey/host-survey.ts';
import { remedyCommand } from '../../src/survey/remedy.ts';
import { commandLine } from '../../src/values/shell.ts';
import { container, gib, host, volume } from '../survey/surveyed.ts';

function shown(hosts: readonly HostSurvey[], more: Partial<ShownSurvey> = {}): ShownSurvey {
  return {
    at: '2026-11-28T14:00:00.000Z',
    hosts,
    figures: chooseFigures(hosts.flatMap(figuresOf), 'use', undefined),
    leftOut: 0,
    trend: false,
    command: ({ remedy, host: name }) => (remedy === null ? undefined : commandLine(remedyCommand(remedy, name, []))),
    ...more,
  };
}

const table = (survey: ShownSurvey, options: { verbose?: boolean; columns?: number } = {}): string =>
  paint(surveyTable(survey, { verbose: false, columns: 200, ...options }), false);

describe('the table', () => {
  const fleet = Array.from({ length: 40 }, (_, index) =>
    host(`web-${String(index + 1).padStart(2, '0')}`, {
      containers: [container('app', { used: gib + index * 1024 ** 2 })],
    }),
  );

  it('has one line for what is as it should be on forty hosts, with the range', () => {
    const text = table(shown(fleet));
    expect(text).toMatch(/^40 hosts surveyed$/m);
    expect(text).toMatch(
      /^ {2}web-\[01-40\]: Docker 20\.10\.24, devicemapper on a loop pool, live-restore on, volume quotas not possible, 1 container, 0 volumes$/m,
    );
    expect(text).toMatch(/^web-\[01-40\] +container +app +1 GiB–1\.04 GiB +10 GiB +10% +no$/m);
    expect(text.split('\n').length).toBeLessThan(10);
    expect(table(shown(fleet), { verbose: true }).split('\n').length).toBeGreaterThan(160);
  });

  it('lets what wants attention stand by itself, with what would help', () => {
    const text = table(
      shown([
        ...fleet,
        host('web-41', { containers: [container('app', { used: 9.5 * gib })] }),
        host('web-42', { containers: [container('app', { live: 20 * gib, restartUndoes: true })] }),
      ]),
    );
    expect(text).toMatch(/^web-41 +container +app +9\.5 GiB +10 GiB +95% +no$/m);
    expect(text).toMatch(
      /^web-42 +container +app .* yes +is 20 GiB, a restart makes it 10 GiB: then it does not start$/m,
    );
    expect(text).toContain(
      '  web-41: container app: 95% used\n    $ plimsoll apply playbooks/grow-rootfs.yaml -l web-41 -e container=app -e target=15GiB\n',
    );
    expect(text).toContain('    $ plimsoll apply playbooks/repair-rootfs.yaml -l web-42 -e container=app\n');
  });

  it('folds hosts that fail alike, and says what could not be read', () => {
    const away = ['db-1', 'db-2'].map((name) =>
      noSurvey(name, 'unreachable', { code: 'unreachable', message: 'no route', hint: 'look' }),
    );
    const text = table(shown([host('web-1', { gaps: ['device-mapper could not be read'] }), ...away]));
    expect(text).toMatch(/^1 host surveyed of 3$/m);
    expect(text).toMatch(/^! unreachable: 2 hosts: db-\[1-2\]: no route\n {4}→ look$/m);
    expect(text).toMatch(/^! not read on web-1: device-mapper could not be read$/m);
  });

  it('shows growth and the day on which it is full only when asked, and of several hosts the first', () => {
    const growing = shown(fleet.slice(0, 2), { trend: true });
    const figures = growing.figures.map((figure, index) => ({
      ...figure,
      trend: {
        kind: 'growing' as const,
        perDay: gib * (index + 1),
        daysToFull: 100 - index,
        fit: 1,
        points: 9,
        days: 8,
      },
    }));
    const text = table({ ...growing, figures: figures.filter(({ kind }) => kind === 'container') });
    expect(text).toMatch(/up to \+\d+ GiB\/day +soonest \d+ days/);
    expect(table(shown(fleet))).not.toContain('GROWTH');
  });

  it('says that nothing is that full', () => {
    expect(table(shown(fleet, { figures: [], leftOut: 160 }))).toMatch(/nothing is that full\n160 figures not shown/);
  });
});

describe('what a hostile host says', () => {
  const evil = '\u001b[2J\u001b]0;owned\u0007<img src=x onerror=alert(1)>"\'&\u202e\r\nfake: ok\u009b31m';
  const formulas = ['=cmd|"/C calc"!A0', '+1', '-1', '@SUM(A1)', '\t=1', '＝1'];
  const hosts = [
    host('web-1', {
      gaps: [evil],
      docker: {
        version: evil,
        driver: evil,
        imageStore: false,
        root: evil,
        liveRestore: true,
        rootless: false,
        operatingSystem: evil,
        kernel: evil,
      },
      containers: [
        {
          ...container(evil, { live: 20 * gib, restartUndoes: true }, 'e'.repeat(64)),
          startError: evil,
          mounts: [{ form: 'bind', source: evil, destination: evil, readOnly: false, from: evil }],
        },
        ...formulas.map((name, index) => container(name, {}, String(index).repeat(64))),
      ],
      volumes: [
        volume(evil, { driver: evil, asked: evil, quota: 'not enforced', usedBy: [evil] }),
        volume('x', { usedBy: [], dangling: { since: evil, basis: 'created' } }),
      ],
      pool: null,
    }),
    noSurvey('web-2', 'failed', { code: 'fact-unreadable', message: evil, hint: evil }),
  ];
  const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/;

  it.each([false, true])(
    'is harmless on a terminal (verbose: %s), and cannot pass for a line of our own',
    (verbose) => {
      const text = table(shown(hosts), { verbose });
      expect(text).not.toMatch(control);
      expect(text).not.toMatch(/^fake/m);
      expect(text).toContain('\\x1b[2J');
    },
  );

  it('is one field of CSV, and no formula', () => {
    const text = surveyCsv(shown(hosts));
    const lines = text.split('\r\n');
    // The head, two hosts, a file system, seven containers, two volumes, and the end.
    expect(lines).toHaveLength(1 + 2 + 1 + 7 + 2 + 1);
    for (const line of lines) expect(line).not.toMatch(control);
    const cells = lines.flatMap((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    );
    expect(cells).toContain(`'${formulas[0] ?? ''}`);
    for (const cell of cells) if (!/^-?\d+(\.\d+)?$/.test(cell)) expect(cell).not.toMatch(/^[=+\-@\t\r＝]/);
    expect(cells).not.toContain('-1');
    expect(cells).not.toContain('+1');
  });

  it('is one cell of CSV, whichever character separates them', () => {
    const text = surveyCsv(
      shown([
        host('web-1', {
          containers: [container('a;=1+1', {}, 'f'.repeat(64)), container('b\t=1+1', {}, 'e'.repeat(64))],
          pool: null,
        }),
      ]),
    );
    expect(text).toContain('"a;=1+1"');
    for (const line of text.split('\r\n').slice(1))
      expect(line.replaceAll(/"(?:[^"]|"")*"/g, '')).toMatch(/^[-0-9.,truefals]*$/);
  });

  it('is text in the page, which loads nothing and runs only its own script', () => {
    const page = surveyHtml(shown(hosts));
    expect(page.replaceAll('\n', '')).not.toMatch(control);
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/(?:src|href)=["']?(?:https?:)?\/\//);
    expect(page).not.toMatch(/\son\w+=(?!alert)/);
    expect(page).toMatch(/default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[A-Za-z0-9+/]{43}='/);
  });
});
