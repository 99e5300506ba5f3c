import * as z from 'zod';
import { parseBytes } from '../../values/size.ts';
import { sizeText } from '../engine/input.ts';

const units = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** A time in whole seconds, as `30d`, `12h`, `2w`, or as their number. */
export const period = z
  .union([
    z.number().int().nonnegative(),
    z.string().regex(/^\d{1,5}[smhdw]$/, 'must be for example 7d, 12h or 2w, or 0'),
  ])
  .transform((value) =>
    typeof value === 'number'
      ? value
      : Number(value.slice(0, -1)) * (units.find(([unit]) => unit === value.slice(-1))?.[1] ?? 1),
  )
  .refine((seconds) => seconds <= 3_153_600_000, 'must be at most a hundred years')
  .meta({ title: 'seconds, or a time such as 12h, 7d, 2w' });

/** `7d` of 604800. */
export function periodText(seconds: number): string {
  const [unit, length] = units.find(([name, each]) => name !== 'w' && seconds % each === 0) ?? ['s', 1];
  return `${String(seconds / length)}${unit}`;
}

function oneOrMore(text: z.ZodType<string>) {
  return z.union([text.transform((one) => [one]), z.array(text).min(1)]);
}

const glob = z.string().regex(/^[A-Za-z0-9_.*?-]+$/, 'must be the name of a volume, or a glob with * and ?');
const label = z.string().min(1);

export const cleanSchema = z
  .strictObject({
    named: z
      .boolean()
      .default(false)
      .describe(
        'also volumes that somebody has given a name; without it only anonymous ones, whose names of 64 digits Docker has made',
      ),
    name: oneOrMore(glob)
      .optional()
      .describe('with named: only volumes with such a name, or one of such names; globs with * and ?'),
    except: oneOrMore(glob).optional().describe('no volume with such a name, or one of such names; globs with * and ?'),
    label: oneOrMore(label).optional().describe('only volumes that have all of these labels, each key or key=value'),
    not_label: oneOrMore(label).optional().describe('no volume that has one of these labels, each key or key=value'),
    older_than: period
      .optional()
      .describe(
        "only volumes that were made, and whose own directory was changed last, longer ago than this, by the host's clock: 30d, 12h, 2w; what is written deeper in it does not count",
      ),
    larger_than: sizeText(parseBytes)
      .optional()
      .describe(
        'only volumes that have allocated more than this: 1GiB. For that all files of the volumes that the other keys leave are walked, which takes time',
      ),
    keep_for: period
      .prefault('7d')
      .describe(
        'how long a volume stays in quarantine, where nothing is lost; 0: it is removed at once, with all that it holds',
      ),
    at_most: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(200)
      .describe(
        'how many volumes of a host one run has to do with at most, those unchanged for the longest time first',
      ),
    pinned: z
      .strictObject({
        at: z.number().int().nonnegative().describe('the time on the host, in seconds since 1970'),
        volumes: z.array(z.string()).describe('the names of the volumes that were found'),
      })
      .optional()
      .describe('filled in by a plan: what time it was on the host, and the volumes that were found'),
  })
  .refine(({ name, named }) => name === undefined || named, {
    message: 'name: chooses among volumes that have been given a name: say named: true with it',
    path: ['name'],
  });

export type CleanWant = z.infer<typeof cleanSchema>;
