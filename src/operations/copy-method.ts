import type { CopyTools } from '../facts/directory-copy.ts';
import { compareScript } from '../facts/directory-copy.ts';
import { parseBytes } from '../values/size.ts';
import type { ExecAction } from './change.ts';

export type CopyMethod = { readonly kind: 'rsync'; readonly nanoseconds: boolean } | { readonly kind: 'cp' | 'tar' };

/** The first of rsync, cp and tar that keeps everything and whose copy can be verified. */
export function chooseMethod({ rsync, cp, tar, manifest }: CopyTools): CopyMethod | undefined {
  if (rsync !== null) {
    const [major, minor, patch] = rsync;
    // Since 3.1.3; before, a window of -1 made every file differ.
    return { kind: 'rsync', nanoseconds: major * 10_000 + minor * 100 + patch >= 30_103 };
  }
  if (manifest && cp) return { kind: 'cp' };
  return manifest && tar ? { kind: 'tar' } : undefined;
}

/** The arguments of `compareScript`. */
export function comparison(method: CopyMethod, depth: 'quick' | 'full', from: string, to: string): readonly string[] {
  return [method.kind === 'rsync' ? 'rsync' : 'manifest', depth, timesOption(method), from, to];
}

function timesOption(method: CopyMethod): string {
  return method.kind === 'rsync' && method.nanoseconds ? '--modify-window=-1' : '';
}

/** A pipe's exit status is its last command's only, so both are said on another descriptor. */
const tarScript = `codes=$({ { tar -C "$1" --xattrs --xattrs-include='*' --acls --selinux -S --numeric-owner --format=posix --one-file-system -cf - .; echo "create $?" >&3; } |
{ tar -C "$2" --xattrs --xattrs-include='*' --acls --selinux -S --numeric-owner --same-owner -xpf -; echo "extract $?" >&3; }; } 3>&1)
case $codes in *"create 0"*) ;; *) exit 1 ;; esac
case $codes in *"extract 0"*) ;; *) exit 1 ;; esac`;

const day = 86_400_000;

/** Read whole before any of it runs, and with an empty input for its commands. */
const verification = `{ ${compareScript}
} </dev/null
`;

/** Copies and verifies. The copy counts only when a comparison by checksum finds no difference. */
export function copyActions(method: CopyMethod, from: string, to: string, options: { readonly bwlimit: string | undefined; readonly clearOnFailure: boolean }): readonly ExecAction[] {
  const clear = options.clearOnFailure ? { onFailure: [['find', to, '-xdev', '-mindepth', '1', '-delete']] } : {};
  return [
    { kind: 'exec', argv: copyArgv(method, from, to, options.bwlimit), timeoutMs: day, ...clear },
    { kind: 'exec', argv: ['sync', '-f', to], timeoutMs: day },
    { kind: 'exec', argv: ['/bin/sh', '-s', '--', ...comparison(method, 'full', from, to)], stdin: verification, timeoutMs: day, ...clear },
  ];
}

function copyArgv(method: CopyMethod, from: string, to: string, bwlimit: string | undefined): readonly string[] {
  switch (method.kind) {
    case 'rsync':
      return [
        'rsync',
        '-aHAXSx',
        '--numeric-ids',
        '--delete',
        '--no-inc-recursive',
        ...(method.nanoseconds ? [timesOption(method)] : []),
        ...(bwlimit === undefined ? [] : [`--bwlimit=${String(Math.floor(parseBytes(bwlimit) / 1024))}`]),
        `${from}/`,
        `${to}/`,
      ];
    case 'cp':
      // `-a` alone forgives attributes that it could not set; named one by one they must be kept.
      return ['cp', '-a', '--preserve=mode,ownership,timestamps,links,xattr', '--reflink=auto', '--sparse=auto', '-x', `${from}/.`, `${to}/`];
    case 'tar':
      return ['/bin/sh', '-c', tarScript, 'sh', from, to];
  }
}
