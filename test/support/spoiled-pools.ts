/** What leaves a pool in a state that its containers must not be left with. `$P` is the pool, `$T` its table. */
export const spoiledPools: readonly { readonly name: string; readonly script: string; readonly spoiled: string }[] = [
  {
    name: 'a table that is loaded and not live',
    script: 'dmsetup load $P --table "$T"',
    spoiled: 'Tables present: LIVE & INACTIVE',
  },
  {
    name: 'a table longer than its device (losetup -c forgotten)',
    script: 'dmsetup load $P --table "0 8388608 ${T#* * }" && dmsetup resume $P',
    spoiled: 'State: SUSPENDED',
  },
  {
    name: 'a table shorter than the pool, which is live then',
    script: 'dmsetup load $P --table "0 2097152 ${T#* * }" && dmsetup resume $P',
    spoiled: 'State: SUSPENDED',
  },
  { name: 'suspended by somebody', script: 'dmsetup suspend $P', spoiled: 'State: SUSPENDED' },
];
