import * as z from 'zod';
import { parseBytes, roundUp } from '../../values/size.ts';
import { sizeText } from '../engine/input.ts';
import { blockBytes } from '../../values/docker-size.ts';
import { volumeName } from '../versions/versions.ts';
import { ownLabelPrefix } from './instances.ts';

export const setName = z
  .string()
  .regex(volumeName, 'must be a name as volumes have it: letters, digits, "_", "." and "-", two at least')
  .max(200);

const secretOption = /pass(word|wd)?=|secret=|credential/i;
const texts = z.record(z.string().min(1), z.string());

/** What every instance of a scaled volume is made like. */
export const templateSchema = z
  .strictObject({
    name: setName.describe('the name of the scaled volume; its instances are NAME-1, NAME-2, …'),
    scale: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .describe(
        'how many instances there may be in the whole fleet, of all that share the records; one for each host that asks. Fewer than there are removes nothing',
      ),
    size: sizeText(parseBytes)
      .optional()
      .describe('of each instance: 20GiB; without it nothing limits them but the disk'),
    driver: z
      .string()
      .min(1)
      .default('local')
      .describe('the driver of the volumes, as docker volume create --driver takes it'),
    options: texts
      .default({})
      .describe('options of the driver, as docker volume create --opt takes them; no secrets, and no size beside them'),
    labels: texts.default({}).describe('the labels of each instance, by key; none that begins with plimsoll.'),
    pinned: z
      .strictObject({ index: z.number().int().positive().describe('the number') })
      .optional()
      .describe('filled in by a plan: the number of the instance that this host gets'),
  })
  .refine(({ size, driver }) => size === undefined || driver === 'local', {
    path: ['size'],
    message: 'is for Docker’s own volumes: give another driver its option for it',
  })
  .refine(({ size, options }) => !('size' in options) && (size === undefined || Object.keys(options).length === 0), {
    path: ['options'],
    message: 'a volume has a size of its own or options of a mount, not both; its size is written as size:',
  })
  .refine(({ options }) => !Object.entries(options).some(([key, value]) => secretOption.test(`${key}=${value}`)), {
    path: ['options'],
    message: 'would put a secret into plans and argument lists: use the driver’s credentials file',
  })
  .refine(({ labels }) => !Object.keys(labels).some((key) => key.startsWith(ownLabelPrefix) || key.includes('=')), {
    path: ['labels'],
    message: `must not begin with ${ownLabelPrefix}, nor hold "="`,
  });

export type ScaledTemplate = z.infer<typeof templateSchema>;

/** In whole blocks; 0: no size of its own. */
export function bytesOf({ size }: ScaledTemplate): number {
  return size === undefined ? 0 : roundUp(parseBytes(size), blockBytes);
}
