import { expandHome, type ConfigIo } from '../../model/io.ts';
import type { Host, NamedSource } from '../../model/types.ts';
import type { Hop } from './ssh-args.ts';

type Context = { readonly io: Pick<ConfigIo, 'homeDir' | 'userName'>; readonly keys: readonly string[] };

/** The host as it is reached through machines that options of ssh name. Their names are no host's, so they get no secrets of one. */
export function throughHops(host: Host, hops: readonly Hop[], { io, keys }: Context): Host {
  const { target } = host;
  const jump = hops.reduce<Host['target'] | undefined>(
    (before, { host: address, user = io.userName, port = 22, identityFiles }) => {
      const at = address.includes(':') ? `[${address}]` : address;
      return {
        name: `${user}@${at}:${String(port)}`,
        address,
        port,
        user,
        identityFiles: identityFiles.length === 0 ? keys : identityFiles.map((file) => expandHome(file, io)),
        agent: true,
        knownHostsFiles: target.knownHostsFiles,
        become: 'none',
        becomeUser: 'root',
        connectTimeoutMs: target.connectTimeoutMs,
        commandTimeoutMs: target.commandTimeoutMs,
        stateDirectory: target.stateDirectory,
        ...(before === undefined ? {} : { jump: before }),
      };
    },
    undefined,
  );
  if (jump === undefined) return host;
  const named = hops.flatMap(({ identityFiles }) =>
    identityFiles.map((file): NamedSource => ({
      key: 'identity_file',
      kind: 'file',
      name: expandHome(file, io),
      place: host.place,
    })),
  );
  return { ...host, target: { ...target, jump }, files: [...host.files, ...named] };
}
