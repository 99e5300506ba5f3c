import * as z from 'zod';
import { address as ipAddress } from '../../../facts/crossing.ts';
import { volumeName } from '../../versions/versions.ts';
import { copyRate } from '../copy-input.ts';
import { isPlace, place, placeProblem } from '../places.ts';

const destination = z
  .strictObject({
    host: z.string().min(1).describe('the other host, by its name in the inventory'),
    ...place.shape,
    volume: z
      .string()
      .regex(volumeName, "must be a name that Docker's local volumes can have")
      .optional()
      .describe('the name of a volume'),
    address: z
      .string()
      .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a name or an address')
      .optional()
      .describe('the address that the source reaches it at, where that is not the one in the inventory'),
    port: z
      .number()
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe('the SSH port that the source reaches it at, where that is not the one in the inventory'),
  })
  .refine(isPlace, placeProblem);

export const sendVolumeSchema = z.strictObject({
  from: place.describe('what is copied, on the host of the step'),
  to: destination.describe(
    'what becomes the same, on another host: a volume, which is made if there is none of the name; or a directory, which exists and is empty or a copy of it already',
  ),
  stop: z
    .boolean()
    .optional()
    .describe(
      'true: containers that use the source are stopped for the final pass and started again whatever becomes of it; false: they run on, and what they write makes the verification fail',
    ),
  bwlimit: copyRate.optional(),
  delete: z.boolean().default(false).describe('the destination may hold something else, which is replaced and removed'),
  source_address: ipAddress
    .optional()
    .describe('the address that the destination sees the source at, where something translates addresses between them'),
  since: z
    .string()
    .optional()
    .describe('filled in by a plan: the last pass before it, so that a copy made since counts'),
});
export type SendWant = z.infer<typeof sendVolumeSchema>;
