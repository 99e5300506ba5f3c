import { describe, expect, it } from 'vitest';
import { surplus, surveyName, surveyNames } from '../../src/survey/retention.ts';

const now = new Date('2026-11-28T12:00:00Z');
const ago = (days: number, hosts = 3, random = 'abc123'): string =>
  surveyName(new Date(now.getTime() - days * 86_400_000), hosts, random);

describe('which surveys are kept', () => {
  it('names them in the order of time', () => {
    expect(ago(0)).toBe('20261128-120000-0003-abc123.json');
    expect(surveyNames([ago(3), 'notes.txt', `.${ago(1)}`, ago(0), ago(2)])).toEqual([ago(0), ago(2), ago(3)]);
  });

  it('all of two days; of a day before that the one of the most hosts, and of equals the last', () => {
    const recent = [ago(0), ago(0.5), ago(1), ago(1.9)];
    const [small, large, later] = [ago(10.3, 2), ago(10.2, 300), ago(10.1, 300)];
    expect(surplus([...recent, small, large, later], now).toSorted()).toEqual([small, large].toSorted());
  });

  it('nothing that is older than 400 days, and 600 at most', () => {
    expect(surplus([ago(399), ago(401)], now)).toEqual([ago(401)]);
    const many = Array.from({ length: 700 }, (_, index) => ago(index / 1000, 3, String(index).padStart(4, '0')));
    const given = surplus(many, now);
    expect(given).toHaveLength(100);
    expect(given).toContain(many.at(-1));
    expect(given).not.toContain(many[0]);
  });

  it('leaves everything else in the directory alone', () => {
    expect(surplus(['notes.txt', '.20200101-000000-0001-ab.json', '20200101-000000.json'], now)).toEqual([]);
  });
});
