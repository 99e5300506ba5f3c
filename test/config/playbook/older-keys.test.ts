import { describe, expect, it } from 'vitest';
import { playbookJsonSchema } from '../../../src/config/json-schema.ts';
import { parsePlaybook } from '../../../src/config/playbook/playbook.ts';
import type { CompiledStep } from '../../../src/config/playbook/step.ts';
import type { JsonObject } from '../../../src/values/json.ts';
import { operations } from '../../../src/operations/registry.ts';
import { byKey } from '../../../src/operations/engine/by-key.ts';

const read = (step: string) => parsePlaybook('p.yaml', `hosts: all\nsteps:\n  - ${step}\n`, operations);

function stepOf(step: string): CompiledStep {
  const { value, issues } = read(step);
  const [found] = value?.plays[0]?.steps ?? [];
  if (found === undefined) throw new Error(JSON.stringify(issues));
  return found;
}

const messages = (step: string): readonly string[] => read(step).issues.map(({ message }) => message);
const wantOf = (step: string, vars: JsonObject = {}): unknown =>
  stepOf(step).resolve({ vars, host: {}, facts: {}, registers: {} });

describe('an older key of an operation', () => {
  const now = {
    value: {
      from: { path: '/a' },
      to: { path: '/b' },
      delete: false,
      first_pass_only: false,
      method: 'auto',
      stop: false,
    },
  };

  it('stands for the operation as it is now', () => {
    expect(wantOf('volume_copy: { from: /a, to: /b/ }')).toEqual(now);
    expect(wantOf('copy_volume: { from: /a, to: { path: /b }, stop: false }')).toEqual(now);
    expect(stepOf('volume_copy: { from: /a, to: /b }')).toMatchObject({
      operation: 'copy_volume',
      name: 'volume_copy',
    });
    expect(stepOf('{ name: Copy, volume_copy: { from: /a, to: /b } }')).toMatchObject({ name: 'Copy' });
  });

  it('takes expressions, in its input and for the whole of it', () => {
    expect(wantOf('volume_copy: { from: "${{ vars.a }}", to: /b }', { a: '/a' })).toEqual(now);
    expect(wantOf('volume_copy: "${{ vars.copy }}"', { copy: { from: '/a', to: '/b' } })).toEqual(now);
    expect(() => wantOf('volume_copy: "${{ vars.copy }}"', { copy: { from: '/a', to: '/b', stop: true } })).toThrow(
      /unknown key "stop"/,
    );
  });

  it('is one of two operations beside the name of now', () => {
    expect(messages('{ volume_copy: { from: /a, to: /b }, copy_volume: { from: /a, to: /b } }')).toEqual([
      'a step has one operation, this one has volume_copy and copy_volume: make it 2 steps',
    ]);
  });

  it('is what messages name, with the keys that it has', () => {
    expect(messages('{ volume_copy: { from: /a, to: /b }, read_only: true }')).toEqual([
      'read_only is for command and script; volume_copy knows by itself what it changes',
    ]);
    expect(messages('volume_copy: { from: a, to: /b, first_pass_only: true }')).toEqual([
      'from: must be an absolute path on the host',
      'unknown key "first_pass_only" (known: from, to, bwlimit, delete)',
    ]);
    expect(messages('volume_copy: { from: { path: /a }, to: /b }')).toEqual(['from: expected a string, not a mapping']);
    expect(messages('volum_copy: { from: /a, to: /b }')).toEqual([
      'there is no operation and no control "volum_copy"; did you mean "volume_copy"?',
    ]);
    expect(messages('{ name: none }')[0]).not.toContain('volume_copy');
  });

  it('is known to editors, which say what it stands for', () => {
    const { $defs } = playbookJsonSchema(operations);
    expect($defs).toMatchObject({
      step: {
        properties: { volume_copy: { description: expect.stringMatching(/^The older name of copy_volume: \w/) } },
        oneOf: [...byKey(operations).keys()].map((key) => ({ required: [key] })),
      },
    });
  });
});

describe('a path where a place may be', () => {
  it.each([
    ['copy_volume: { from: a, to: /b }', 'from: must be an absolute path on the host'],
    ['copy_volume: { from: 5, to: /b }', 'from: expected a string or a mapping, not 5'],
    ['copy_volume: { from: { volum: a }, to: /b }', 'unknown key "volum"; did you mean "volume"?'],
    ['copy_volume: { from: /, to: /b }', 'from: must be a directory below /, without ".."'],
  ])('%s', (step, message) => {
    expect(messages(step)).toContain(message);
  });
});
