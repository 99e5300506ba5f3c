import type { HostSpec } from '../../../lab/sim/spec.ts';

/** A host that only runs commands: what they work on are files of this machine. */
export const plain: HostSpec = { name: 'plain', kind: 'overlay2-plain', containers: [{ name: 'c1' }] };

/** Its containers come up again by themselves. */
export const always = (spec: HostSpec): HostSpec => ({
  ...spec,
  containers: (spec.containers ?? []).map((container) => ({ ...container, restart: 'always' })),
});

/** The device is longer than its file system, and the playbook grows the latter. */
export const longer = (
  sectors: number,
): string => `N=$(docker inspect --type container --format '{{.GraphDriver.Data.DeviceName}}' c1)
set -- $(dmsetup table "$N")
dmsetup load "$N" --table "0 ${String(sectors)} thin $4 $5" && dmsetup resume "$N"`;
