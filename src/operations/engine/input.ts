import * as z from 'zod';
import type { SecretReference } from '../../values/secret-reference.ts';
import { SizeError } from '../../values/size.ts';

/** Pieces of operations' schemas. Each accepts what it has produced, so that a plan's `want` can be parsed again. */

export const hostPath = z
  .string()
  .startsWith('/', 'must be an absolute path on the host')
  .refine((path) => !path.includes('\0') && !path.includes('\n'), 'must not contain a line feed or NUL')
  .describe('an absolute path on the host');

/** What steps read and change of a file on the laptop: however its path is written, it is one. */
export function laptopFileResource(path: string): string {
  return `laptop:${path
    .split('/')
    .filter((part, index) => part !== '.' && (part !== '' || index === 0))
    .join('/')}`;
}

export const argv = z
  .array(z.string())
  .min(1, 'names no program')
  .describe('the program and its arguments, one word each; no shell is involved');

export const octalMode = z
  .string()
  .regex(/^0?[0-7]{3}$|^[0-7]{4}$/, 'must be octal digits in quotes, for example "0644"')
  .transform((mode) => mode.padStart(4, '0'));

/** As Docker names containers; an id, and what one begins with, is such a name too. */
export const containerName = z
  .string()
  .regex(
    /^\/?[A-Za-z0-9][A-Za-z0-9_.-]*$/,
    'must be the name or id of a container: letters, digits, "_", "." and "-", with a letter or digit first',
  );

/** As Docker names its own volumes. */
export const existingVolume = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
    'must be the name of a volume: letters, digits, "_", "." and "-", with a letter or digit first',
  );

/** The name of an image as Docker's references have it, or its id. */
export const imageName = z
  .string()
  .regex(
    /^(?:(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?|(?:sha256:)?[0-9a-f]{4,64})$/,
    'must be the name of an image, for example nginx:1.27 or registry.example.org/team/app@sha256:…, or its id',
  );

/** A size as `parse` takes it; otherwise its reason is the message. */
export function sizeText(parse: (text: string) => unknown) {
  return z
    .string()
    .superRefine((text, context) => {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof SizeError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
      }
    })
    .meta({ title: 'size' });
}

/** Which containers are meant, where it may be several. */
export const whichContainers = {
  container: z
    .string()
    .regex(
      /^\/?[A-Za-z0-9*?][A-Za-z0-9_.*?-]*$/,
      'must be the name or id of a container, or a glob: letters, digits, "_", "." and "-", and * or ?',
    )
    .optional()
    .describe('a name, an id (or four or more of its first digits), or a glob such as app-*'),
  label: z
    .string()
    .min(1)
    .optional()
    .describe('a label of the containers, key or key=value; with container: both must match'),
};

export const containerOrLabel = 'name the containers: container: NAME, or label: KEY=VALUE';

/** A secret variable: what a playbook says with `${{ vars.token }}`. Its value is not known here, nor in any plan. */
export const secretReference: z.ZodType<SecretReference> = z
  .strictObject({
    secret: z
      .union([
        z.strictObject({ env: z.string().min(1).describe('the name of an environment variable of this machine') }),
        z.strictObject({
          file: z
            .string()
            .min(1)
            .describe('a file of this machine, relative to what names it; its last line feed is dropped'),
        }),
        z.strictObject({
          command: z
            .array(z.string())
            .min(1)
            .describe('a program of this machine and its arguments; what it prints is the secret'),
        }),
        z.strictObject({
          keyring: z
            .strictObject({
              service: z.string().min(1).describe('what the entry is for'),
              account: z.string().min(1).describe('whose it is'),
            })
            .describe(
              "an entry of the keyring of this machine's user (secret-tool on Linux, security on macOS; none on Windows)",
            ),
        }),
        z.strictObject({
          age: z
            .string()
            .min(1)
            .describe('encrypted by age, armoured, as a block (age: |): plimsoll secret encrypt makes it'),
        }),
      ])
      .describe('where the secret comes from'),
  })
  .describe(
    'a secret: { secret: { env: NAME } }, { secret: { file: PATH } }, { secret: { command: [...] } }, { secret: { keyring: { service: NAME, account: NAME } } } or { secret: { age: ENCRYPTED } }',
  );

/** What a program finds in its environment beside what is there. */
export const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name of an environment variable'),
    z.union([z.string().refine((text) => !text.includes('\0'), 'must not contain NUL'), secretReference]),
  )
  .describe('variables for its environment; a secret variable is allowed here');

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds, as a number or as `30s`, `5m`, `1h`. */
export const duration = z
  .union([
    z.number().positive(),
    z.string().regex(/^\d+(\.\d+)?[smh]$/, 'must be a number of seconds, or for example 30s, 5m, 1h'),
  ])
  .transform((value) =>
    typeof value === 'number' ? value : Number(value.slice(0, -1)) * (unitSeconds[value.slice(-1)] ?? 1),
  )
  .refine((seconds) => seconds > 0 && seconds <= 86_400, 'must be more than nothing and at most a day')
  .meta({ title: 'seconds, or a time such as 30s, 5m, 1h' });

export const exitStatuses = z
  .array(z.number().int().min(0).max(255))
  .min(1)
  .describe('the exit statuses that mean success');
