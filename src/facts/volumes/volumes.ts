import * as z from 'zod';
import { dockerList, everyVolume } from '../daemon/docker-list.ts';
import type { Fact } from '../fact.ts';

/** One volume, as Docker describes it. */
export interface Volume {
  readonly name: string;
  /** `local`, or a plugin's name. */
  readonly driver: string;
  /** Where its content lies on the host; for the local driver `…/volumes/NAME/_data`. */
  readonly mountpoint: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What it was created with: `size`, `type`, `device`. `o` is left out but for that it is there: it may hold a password. */
  readonly options: Readonly<Record<string, string>>;
  readonly scope: string;
  readonly createdAt: string;
}

const strings = z
  .record(z.string(), z.string())
  .nullish()
  .transform((all) => all ?? {});

const schema = z
  .object({
    Name: z.string().min(1),
    Driver: z.string(),
    Mountpoint: z.string(),
    Labels: strings,
    Options: strings,
    Scope: z.string(),
    CreatedAt: z.string().default(''),
  })
  .transform((volume): Volume => ({
    name: volume.Name,
    driver: volume.Driver,
    mountpoint: volume.Mountpoint,
    labels: volume.Labels,
    options: Object.fromEntries(
      Object.entries(volume.Options).map(([key, value]) => [key, key === 'o' ? '***' : value]),
    ),
    scope: volume.Scope,
    createdAt: volume.CreatedAt,
  }));

/** Every volume on the host. Errors: `no-docker`, `fact-unreadable`. */
export const volumes: Fact<readonly Volume[]> = dockerList({
  name: 'volumes',
  kind: everyVolume,
  format: '{{json .}}',
  item: schema,
  what: 'the list of volumes',
});
