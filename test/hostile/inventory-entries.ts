import { limit } from '../../lab/pace.ts';
import type { HostileServer } from './hostile-server.ts';
import { type HostileHost, loginPassword, sudoPassword } from './ssh-hosts.ts';

const connectSeconds = limit(6000) / 1000;

/** How an inventory names the host, and its bastion where it is one. */
export function entriesOf(
  host: HostileHost,
  server: HostileServer,
  seconds = connectSeconds,
): Readonly<Record<string, object>> {
  const own = {
    address: server.address,
    port: server.port,
    user: 'ops',
    agent: false,
    known_hosts_file: server.knownHostsFile,
    connect_timeout: seconds,
    ...(host.login === 'password' ? { password: loginPassword } : { identity_file: server.identityFile }),
    ...(host.sudo === true ? { become: true, become_password: sudoPassword } : {}),
  };
  if (host.bastion !== true) return { [host.name]: own };
  const bastion = `${host.name}-bastion`;
  return { [bastion]: own, [host.name]: { ...own, address: '192.0.2.1', port: 22, proxy_jump: bastion } };
}
