import * as z from 'zod';
import { parseBytes, parseSize } from '../../values/size.ts';
import { gate, layer } from '../containers/replace/replacement-input.ts';
import { containerName, existingVolume, sizeText } from '../engine/input.ts';
import { copyRate } from '../copies/copy-input.ts';

const methods = ['in_place', 'copy'] as const;
export type Method = (typeof methods)[number];

export const scaleVolumeSchema = z
  .strictObject({
    volume: existingVolume
      .optional()
      .describe('the name of the volume; that of an older version (foo-0) means the one that has replaced it (foo-1)'),
    container: containerName.optional().describe('instead of volume: the name of a container, with path:'),
    path: z
      .string()
      .startsWith('/', 'must be the absolute path of a mount in the container')
      .optional()
      .describe('with container: where it has the volume mounted'),
    size: sizeText(parseSize).describe(
      'what it is to have: 20GiB, more or less than now; or relative to what it has when the plan is made: +5GiB, 150%',
    ),
    method: z
      .enum(['auto', ...methods])
      .default('auto')
      .describe(
        'in_place changes the quota, with no downtime; copy makes a new volume and recreates the containers; auto takes the first of these that is possible',
      ),
    restart_daemon: z
      .boolean()
      .optional()
      .describe(
        'in place: restart the Docker daemon, so that it knows the new size at once; only with live-restore, so that containers go on running',
      ),
    margin: z
      .union([
        z.string().regex(/^\d{1,3}(\.\d+)?%$/, 'must be a size, or a percentage such as 20%'),
        sizeText(parseBytes),
      ])
      .optional()
      .meta({ title: 'size, or a percentage such as 20%' })
      .describe(
        'what must stay free when the volume becomes smaller, as a size or as a percentage of what is used; 10%, and at least 16MiB, when left out',
      ),
    bwlimit: copyRate.optional().describe('by copy: bytes a second at most: 50MiB; by rsync only'),
    gate: gate.prefault({}).describe('by copy: what a new container has to show before the old one is given up'),
    layer: layer.describe(
      'by copy: a container that has written to its own layer, outside of its volumes, loses that: refuse it then, or discard what it has written',
    ),
    pinned: z
      .strictObject({
        volume: z.string().describe('the name of the volume'),
        bytes: z.number().int().positive().describe('its size, in bytes'),
        method: z.enum(methods).optional().describe('how it gets that'),
      })
      .optional()
      .describe('filled in by a plan: the volume that was meant, its size in bytes, and the method'),
  })
  .refine(
    (want) =>
      (want.volume === undefined) === (want.container !== undefined) &&
      (want.container === undefined) === (want.path === undefined),
    { message: 'name the volume: volume: NAME, or container: NAME with path: WHERE IT IS MOUNTED' },
  );

export type ScaleWant = z.infer<typeof scaleVolumeSchema>;
