/** A file of the host, of one byte. */
export const file = {
  exists: true,
  kind: 'file',
  bytes: 1,
  mode: '0644',
  owner: '0:0',
  ownerNames: 'root:root',
  sha256: 'a'.repeat(64),
} as const;
