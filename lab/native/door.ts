import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

export interface Door {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A port of the loopback that leads to the sshd of a machine: the machine's network is one of its own, so each
 * connection is handed to an sshd that is started in there, as inetd does it. Nothing is relayed.
 */
export async function sshDoor(pid: number): Promise<Door> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const sshd = spawn(
      'nsenter',
      [
        '--target',
        String(pid),
        '--mount',
        '--uts',
        '--ipc',
        '--net',
        '--pid',
        '--cgroup',
        '--',
        '/usr/sbin/sshd',
        '-i',
      ],
      {
        stdio: [socket, socket, 'ignore'],
        cwd: '/',
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      },
    );
    sshd.once('error', () => undefined); // the connection ends, which says it all
    socket.once('error', () => undefined);
    socket.destroy(); // sshd has it now
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
