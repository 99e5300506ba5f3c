import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { chooseFigures } from '../../src/survey/choose-figures.ts';
import type { Figure } from '../../src/survey/figure.ts';
import { figuresOf } from '../../src/survey/figures.ts';
import type { KeptSurvey } from '../../src/survey/kept-survey.ts';
import { keep, lastUsedOf, parseKept, withTrends } from '../../src/survey/kept-survey.ts';
import { remedyCommand } from '../../src/survey/remedy.ts';
import { container, gib, host, volume } from './surveyed.ts';

const figure = (figures: readonly Figure[], name: string, kind?: Figure['kind']): Figure => {
  const found = figures.find((one) => one.name === name && (kind === undefined || one.kind === kind));
  if (found === undefined) throw new Error(`no figure ${name}`);
  return found;
};

describe('the figures of a host', () => {
  const figures = figuresOf(
    host('web-1', {
      containers: [container('app'), container('grown', { live: 20 * gib, restartUndoes: true })],
      volumes: [volume('db'), volume('free', { size: null, used: null, quota: 'none' })],
    }),
  );

  it('are one for each thing that can become full', () => {
    expect(figures.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'file system /',
      'pool data docker-pool',
      'pool metadata docker-pool',
      'container app',
      'container grown',
      'volume db',
      'volume free',
    ]);
  });

  it('know that a file system is full before its size is used up', () => {
    expect(figure(figures, '/')).toMatchObject({ size: 50 * gib, fullAt: 47.5 * gib, use: 10 / 47.5 });
  });

  it('do not guess', () => {
    expect(figure(figures, 'free')).toMatchObject({ used: null, size: null, use: null, remedy: null });
  });

  it('say what would help', () => {
    const command = (name: string, kind?: Figure['kind']): string => {
      const { remedy } = figure(figures, name, kind);
      return remedy === null ? '' : remedyCommand(remedy, 'web-1', ['fleet.yaml']).join(' ');
    };
    const begin = (playbook: string): string => `plimsoll apply playbooks/${playbook} -i fleet.yaml -l web-1`;
    expect(command('app')).toBe(`${begin('grow-rootfs.yaml')} -e container=app -e target=15GiB`);
    expect(command('grown')).toBe(`${begin('repair-rootfs.yaml')} -e container=grown`);
    expect(command('db')).toBe(`${begin('scale-volume.yaml')} -e volume=db -e target=1536MiB`);
    expect(command('docker-pool', 'pool data')).toBe(`${begin('grow-pool.yaml')} -e data=150GiB -e metadata=32MiB`);
    expect(command('docker-pool', 'pool metadata')).toBe(`${begin('grow-pool.yaml')} -e data=100GiB -e metadata=48MiB`);
    expect(command('/')).toBe('');
  });

  it.each(['grow-pool', 'grow-rootfs', 'repair-rootfs', 'scale-volume'])(
    'name a playbook that is there, with its variables: %s',
    async (name) => {
      const text = await readFile(`playbooks/${name}.yaml`, 'utf8');
      const vars = figures.flatMap(({ remedy }) =>
        remedy?.playbook === `playbooks/${name}.yaml` ? Object.keys(remedy.vars) : [],
      );
      expect(vars.length).toBeGreaterThan(0);
      for (const key of vars) expect(text).toMatch(new RegExp(`^  ${key}: `, 'm'));
    },
  );

  it('have no remedy for what does not run, and for what is a mount of its own', () => {
    const more = figuresOf(
      host('web-1', {
        containers: [{ ...container('down'), state: 'exited' }],
        volumes: [volume('nas', { mounted: 'nfs4' })],
      }),
    );
    expect([figure(more, 'down').remedy, figure(more, 'nas').remedy]).toEqual([null, null]);
  });

  it('are chosen by how full they are, and sorted; what is not known comes last', () => {
    expect(chooseFigures(figures, 'use', 0.4).map(({ name }) => name)).toEqual(['db']);
    expect(chooseFigures(figures, 'size', undefined).map(({ name }) => name)).toEqual([
      'docker-pool',
      '/',
      'app',
      'grown',
      'db',
      'docker-pool',
      'free',
    ]);
    expect(chooseFigures(figures, 'name', undefined)[0]?.name).toBe('/');
  });
});

describe('what is kept of a survey', () => {
  const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T10:00:00.000Z`;
  const day = (number: number, usedBy: readonly string[]): KeptSurvey =>
    keep(
      at(number),
      [
        host('web-1', {
          containers: [container('app', { used: number * gib })],
          volumes: [volume('db', { usedBy, dangling: usedBy.length > 0 ? null : { since: '', basis: 'created' } })],
        }),
        { ...host('web-2'), docker: null, status: 'unreachable' },
      ],
      (name) => lastUsedOf(number === 1 ? [] : [day(number - 1, ['app'])], name),
    );

  it('is read again as it was written, and nothing else is taken for it', () => {
    const kept = day(3, ['app']);
    expect(parseKept(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
    for (const other of [undefined, {}, { ...kept, v: 2 }, { ...kept, at: 'yesterday' }, { ...kept, hosts: { x: {} } }])
      expect(parseKept(other)).toBeUndefined();
  });

  it('has nothing of a host that gave no answer', () => {
    expect(Object.keys(day(1, []).hosts)).toEqual(['web-1']);
  });

  it('remembers when a volume was last in use, over surveys in which it was not', () => {
    expect(lastUsedOf([day(1, ['app'])], 'web-1')).toEqual({ db: at(1) });
    expect(lastUsedOf([day(2, [])], 'web-1')).toEqual({ db: at(1) });
    expect(lastUsedOf([day(1, [])], 'web-1')).toEqual({ db: null });
    expect(lastUsedOf([day(1, [])], 'web-9')).toEqual({});
  });

  it('makes a forecast with what is used now', () => {
    const now = figuresOf(host('web-1', { containers: [container('app', { used: 4 * gib })] }));
    const [trend] = withTrends(now, [day(3, []), day(2, []), day(1, [])], at(4))
      .filter(({ name }) => name === 'app')
      .map((one) => one.trend);
    expect(trend).toMatchObject({ kind: 'growing', daysToFull: 6, points: 4, days: 3 });
    const [other] = withTrends([{ ...figure(now, 'app'), host: 'web-3' }], [day(1, [])], at(4)).map((one) => one.trend);
    expect(other).toMatchObject({ kind: 'unknown', points: 1 });
  });
});
