import type { NeedName } from '../support/needs.ts';

interface Shell {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly tags: NeedName[];
}

/** The shells that hosts may have as /bin/sh; each reads its program from standard input. */
export const shells: readonly Shell[] = [
  { name: '/bin/sh', argv: ['/bin/sh'], tags: [] },
  { name: 'dash', argv: ['/usr/bin/dash'], tags: ['dash'] },
  // Started with a socket as its input, bash takes itself for a remote login and reads ~/.bashrc.
  { name: 'bash', argv: ['/usr/bin/bash', '--norc', '--posix'], tags: ['bash'] },
  { name: 'busybox sh', argv: ['/usr/bin/busybox', 'sh'], tags: ['lab:busybox'] },
];
