import { existsSync } from 'node:fs';

/** The shells of this machine that hosts may have as /bin/sh; each reads its program from standard input. */
export const shells: readonly { readonly name: string; readonly argv: readonly [string, ...string[]] }[] = (
  [
    ['/bin/sh', '/bin/sh'],
    ['dash', '/usr/bin/dash'],
    // Started with a socket as its input, bash takes itself for a remote login and reads ~/.bashrc.
    ['bash', '/usr/bin/bash', '--norc', '--posix'],
    ['busybox sh', '/usr/bin/busybox', 'sh'],
  ] as const
)
  .filter(([, file]) => existsSync(file))
  .map(([name, file, ...args]) => ({ name, argv: [file, ...args] }));
