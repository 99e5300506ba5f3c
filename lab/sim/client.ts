import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import type { Fleet, FleetHost } from './fleet.ts';

export interface Shell {
  run(script: string): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  end(): void;
}

/** A bare SSH client for one host: scripts go to /bin/sh on standard input, as plimsoll's do, and run as root whoever logs in. */
export async function openShell(fleet: Fleet, host: FleetHost): Promise<Shell> {
  const client = new ssh2.Client();
  const privateKey = await readFile(fleet.identityFile);
  await new Promise<void>((resolve, reject) => {
    client
      .once('ready', resolve)
      .once('error', reject)
      .once('connect', () => {
        client.setNoDelay(true);
      });
    client.connect({ host: host.address, port: host.port, username: host.user, privateKey, hostVerifier: () => true });
  });
  return {
    run: (script) =>
      new Promise((resolve, reject) => {
        client.exec('exec /bin/sh', (error, channel) => {
          if (error !== undefined) {
            reject(error);
            return;
          }
          let stdout = '';
          let stderr = '';
          let code: number | null = null;
          channel.on('data', (chunk: Buffer) => {
            stdout += chunk.toString();
          });
          channel.stderr.on('data', (chunk: Buffer) => {
            stderr += chunk.toString();
          });
          channel.on('exit', (status: number | null) => {
            code = status;
          });
          channel.on('close', () => {
            resolve({ code, stdout, stderr });
          });
          channel.end(`{ SIM_USER=root; export SIM_USER\n${script}\n} </dev/null\n`);
        });
      }),
    end: () => client.end(),
  };
}
