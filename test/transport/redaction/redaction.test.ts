import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { Redaction } from '../../../src/transport/redaction/redaction.ts';
import { redactError } from '../../../src/transport/redaction/redact-error.ts';
import { redactOutcome } from '../../../src/transport/redaction/redact-outcome.ts';
import { Secret } from '../../../src/values/secret.ts';
import { oneLine } from '../../../src/values/terminal.ts';

const redactionOf = (...values: readonly string[]): Redaction =>
  new Redaction(values.map((value) => new Secret(value)));

const isWellFormed = (text: string): boolean => Buffer.from(text).toString() === text;

/** Ways in which other programs write a secret down, made by other means than those of the redaction. */
const ways: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  trimmed: (secret) => secret.trim(),
  'in JSON': (secret) => JSON.stringify({ password: secret }),
  'in JSON, ASCII only': (secret) =>
    JSON.stringify(secret).replaceAll(
      /[^\x00-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  'in JSON in JSON': (secret) => JSON.stringify(JSON.stringify({ secret })),
  'in a URL': (secret) => `https://host/?password=${encodeURIComponent(secret)}&x=1`,
  'in a form': (secret) => new URLSearchParams({ password: secret }).toString(),
  'in base64': (secret) => Buffer.from(secret).toString('base64'),
  'in base64 with a line feed': (secret) => Buffer.from(`${secret}\n`).toString('base64'),
  'in base64 for URLs': (secret) => Buffer.from(secret).toString('base64url'),
  'in hexadecimal': (secret) => Buffer.from(secret).toString('hex'),
  'in a shell': (secret) => `'${secret.replaceAll("'", "'\\''")}'`,
  'made visible': (secret) => oneLine(`x${secret}x`, 100_000),
};

/** Prefixes of each other, parts of each other, anything that a password may be made of. */
const secrets = fc
  .oneof(
    fc.string({ minLength: 4, maxLength: 24, unit: 'grapheme' }),
    fc.string({ minLength: 4, maxLength: 40 }),
    fc.constantFrom(
      'hunter2!',
      'hunter2!hunter2!',
      'hunter2!x',
      'unter',
      'it\'s "quoted" & <b>',
      'pässwörd 你好',
      'a b+c/d=e%f',
      '\\back\\slash',
      '-----BEGIN KEY-----\nabcdef\n-----END KEY-----\n',
      ' around ',
    ),
  )
  .filter(
    (secret) =>
      secret.trim().length >= 4 &&
      !secret.includes('\0') &&
      isWellFormed(secret) &&
      !secret.includes('…') &&
      !secret
        .trim()
        .split('')
        .every((character) => '*'.includes(character)),
  );

describe('secrets in a text', () => {
  it.each(Object.entries(ways))(
    'are taken out %s, wherever they stand, however the text is cut into pieces',
    (_name, written) => {
      fc.assert(
        fc.property(
          fc.array(secrets, { minLength: 1, maxLength: 4 }),
          fc.array(fc.string({ maxLength: 10 }), { minLength: 1, maxLength: 5 }),
          fc.array(fc.nat(60), { maxLength: 12 }),
          (values, around, lengths) => {
            const prefixes = values
              .flatMap((value) => [value, value.slice(0, Math.max(4, Math.floor(value.length / 2)))])
              .filter((value) => value.trim().length >= 4 && isWellFormed(value));
            const redaction = redactionOf(...prefixes);
            const text = around
              .map((words, index) => `${words}${written(prefixes[index % prefixes.length] ?? '')}`)
              .join('\n');
            const whole = redaction.text(text);
            for (const value of prefixes) {
              expect(whole).not.toContain(value);
              expect(whole).not.toContain(written(value));
            }
            const stream = redaction.stream();
            let [from, pieces] = [0, ''];
            for (const length of lengths) {
              pieces += stream.push(text.slice(from, from + length));
              from += length;
            }
            expect(pieces + stream.push(text.slice(from)) + stream.end()).toBe(whole);
          },
        ),
        { numRuns: 200 },
      );
    },
  );

  it('are taken out when the text is split at any of its characters', () => {
    const values = ['hunter2', 'hunter2-and-more', 'more of it', 's3cr3t'];
    const redaction = redactionOf(...values);
    const text = `a hunter2 b hunter2-and-mor c hunter2-and-more of it d ${Buffer.from('xs3cr3t!').toString('base64')} hunter2hunter2 e hunter`;
    expect(redaction.text(text)).toBe(
      'a *** b ***-and-mor c *** d e***E= *** e hunter'.replace(
        'e***E=',
        redaction.text(Buffer.from('xs3cr3t!').toString('base64')),
      ),
    );
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 1) {
        const stream = redaction.stream();
        expect(
          stream.push(text.slice(0, first)) +
            stream.push(text.slice(first, second)) +
            stream.push(text.slice(second)) +
            stream.end(),
        ).toBe(redaction.text(text));
      }
    }
  });

  it('of base64 no four characters that tell of the secret are left, however far into it the secret begins', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 30 }),
        fc.uint8Array({ maxLength: 20 }),
        fc.uint8Array({ maxLength: 20 }),
        (secret, before, after) => {
          const text = Buffer.concat([before, Buffer.from(secret), after]).toString('base64');
          const left = redactionOf(secret).text(text);
          expect(left).toContain('***');
          // The bytes that are left on either side are the neighbours', and at most one of the secret.
          expect(left.replace('***', '').length).toBeLessThanOrEqual(
            Math.ceil(before.length / 3) * 4 + Math.ceil(after.length / 3) * 4 + 8,
          );
        },
      ),
    );
  });

  it('are taken out line by line, and shorter lines and secrets stay', () => {
    const redaction = redactionOf('first line\r\nxy\nlast line\n', 'abc');
    expect(redaction.text('the last line, the first line; xy abc')).toBe('the ***, the ***; xy abc');
  });

  it('are known by their beginning where somebody has shortened the text, or the rest of it was dropped', () => {
    const redaction = redactionOf('correct horse battery staple');
    expect(redaction.text(`${oneLine(`${'x'.repeat(385)} correct horse battery staple`)} and`)).toBe(
      `${'x'.repeat(385)} ***… and`,
    );
    expect(redaction.text('it said correct horse', true)).toBe('it said ***');
    expect(redaction.text('it said correct horse')).toBe('it said correct horse');
  });

  it('keep back no more than could be a secret', () => {
    const stream = redactionOf('hunter2').stream();
    expect(stream.push('a hunt')).toBe('a ');
    expect(stream.push('ing')).toBe('hunting');
    expect(stream.push(' hunter')).toBe(' ');
    expect(stream.end()).toBe('hunter');
  });
});

describe('what a command prints', () => {
  const outcome = (stdout: string, stderr = '') => ({ status: 0, stdout, stderr, droppedBytes: 0 });
  const redaction = redactionOf('hunter2-hunter2', 'root');

  it('comes as it is where it is parsed, or not at all', () => {
    expect(redactOutcome(redaction, 'web-1', { prints: 'data' }, outcome('/root/x', 'root'))).toEqual(
      outcome('/root/x', '***'),
    );
    for (const stdout of ['"hunter2-hunter2"', Buffer.from('x hunter2-hunter2').toString('base64')]) {
      expect(() => redactOutcome(redaction, 'web-1', { prints: 'data' }, outcome(stdout))).toThrow(
        expect.objectContaining({ code: 'refused', message: expect.stringContaining('holds a secret') as string }),
      );
    }
  });

  it('tells in bytes as they came where a piece may be cut, and never cuts a secret', () => {
    const piece = { prints: { piece: /^head \d+\n/ } };
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('root', 'ro', 'hunter2-', 'hunter2', 'ü', 'x', '\n', 'line\n', '🚢'), {
          maxLength: 30,
        }),
        (parts) => {
          const raw = parts.join('');
          const { stdout, cuts } = redactOutcome(redaction, 'web-1', piece, outcome(`head 4\n${raw}`));
          const { characters = 0, bytes = 0 } = cuts?.stdout ?? {};
          const rest = Buffer.from(raw).subarray(bytes).toString();
          expect(stdout.startsWith('head 4\n')).toBe(true);
          const shown = stdout.slice('head 4\n'.length, 'head 4\n'.length + characters);
          expect((shown + redaction.text(rest)).replaceAll('******', '***')).toBe(
            redaction.text(raw).replaceAll('******', '***'),
          );
          expect(Buffer.from(raw).subarray(0, bytes).toString() + rest).toBe(raw);
        },
      ),
    );
  });
});

it('errors are without them, their causes and stacks too, and stay what they are', () => {
  const redaction = redactionOf('hunter2');
  const cause = Object.assign(new Error('server said hunter2'), { code: 'ECONNRESET' });
  const clean = redactError(
    new AppError('privilege-denied', 'h: sudo ended: hunter2', { hint: 'try hunter2', where: 'p.yaml:1:1', cause }),
    redaction,
  );
  expect(clean).toMatchObject({
    code: 'privilege-denied',
    message: 'h: sudo ended: ***',
    hint: 'try ***',
    where: 'p.yaml:1:1',
    cause: { message: 'server said ***', code: 'ECONNRESET' },
  });
  const { stack = '', cause: causedBy } = clean as AppError;
  expect(`${stack}${(causedBy as Error).stack ?? ''}`).not.toContain('hunter2');
  const other = new AppError('refused', 'no');
  expect(redactError(other, redaction)).toBe(other);
});
