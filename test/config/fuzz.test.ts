import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInventory } from '../../src/config/inventory/inventory.ts';
import { readPlaybook } from '../../src/config/playbook/playbook.ts';
import { laptop } from './io.ts';
import { registry } from './registry.ts';

const scraps = [
  'hosts',
  ':',
  ' ',
  '\n',
  '  ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '&a',
  '*a',
  '|\n',
  '>-\n',
  '${{',
  '}}',
  'vars.a',
  'steps',
  'command',
  'when',
  'groups',
  'web-[1:3]',
  'all',
  '#',
  '!x',
  '<<',
  '\t',
  '\u001b[31m',
  '日',
  '~',
  '1',
  '.nan',
  ',',
  '? ',
  '---\n',
  '%',
  '=',
  'loop',
  'item',
  'a',
  'block',
  'rescue',
  'always',
  'register',
  '{ command: [a] }',
];
const text = fc.string({ unit: fc.constantFrom(...scraps), maxLength: 40 });

describe('any text is answered with a value or with issues that have a place, never with an exception', () => {
  it('as an inventory and as a playbook', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(
          '',
          'hosts: ',
          'hosts: all\nsteps:\n  - ',
          'hosts: all\nsteps: [{ command: [a], when: ',
          'hosts: all\nsteps:\n  - block:\n      - ',
          'hosts: all\nsteps: [{ block: [{ command: [a] }], ',
          'hosts: { a: { vars: ',
        ),
        text,
        async (head, tail) => {
          const io = laptop({ files: { f: head + tail } });
          for (const { value, issues } of [await readInventory(['f'], io), await readPlaybook('f', registry, io)]) {
            expect((value === undefined) === issues.length > 0).toBe(true);
            for (const { line, column } of issues) expect(Math.min(line ?? 1, column ?? 1)).toBeGreaterThan(0);
            for (const { message, frame = '' } of issues) expect(message + frame).not.toMatch(/\x1b/);
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  it('as bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const { value, issues } = await readInventory(['f'], laptop({ files: { f: bytes } }));
        expect((value === undefined) === issues.length > 0).toBe(true);
      }),
    );
  });
});
