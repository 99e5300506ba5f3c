import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byHand } from '../../src/values/shell.ts';
import type { Container } from '../../src/facts/containers/containers.ts';
import { selectContainers } from '../../src/facts/containers/container-selection.ts';

describe('a command to paste', () => {
  it.each([
    [['docker', 'start', 'app-1'], 'docker start app-1'],
    [['docker', 'start', 'app; reboot'], "docker start 'app; reboot'"],
    [['docker', 'start', '$(reboot)'], "docker start '$(reboot)'"],
    [['df', "/srv/it's"], "df '/srv/it'\\''s'"],
    [['df', 'a\0b'], String.raw`df 'a\0b'`],
    [['docker', 'rm', ''], "docker rm ''"],
  ])('%j: %s', (argv, shown) => {
    expect(byHand(...argv)).toBe(shown);
  });

  it('stands in a remedy about a container that calls itself a command', () => {
    const lying = {
      id: 'a'.repeat(64),
      name: 'x; touch /tmp/owned',
      labels: {},
      state: { status: 'exited', running: false },
    } as unknown as Container;
    expect(selectContainers([lying], { container: '*', onlyRunning: true })).toMatchObject({
      remedy: "start it first: docker start 'x; touch /tmp/owned'",
    });
  });

  it('gives a shell exactly its words, whatever a host calls a thing', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({
            unit: fc.constantFrom(
              'a',
              ' ',
              ';',
              '$',
              '(',
              ')',
              '`',
              "'",
              '"',
              '\\',
              '\n',
              '&',
              '|',
              '>',
              '*',
              '~',
              '#',
              '!',
            ),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        (words) => {
          const printed = execFileSync('/bin/sh', ['-c', byHand('printf', '%s\\0', ...words)], { encoding: 'utf8' });
          expect(printed).toBe(words.map((word) => `${word}\0`).join(''));
        },
      ),
      { numRuns: 30 },
    );
  });
});
