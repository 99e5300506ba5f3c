import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../lab/sim/fleet.ts';
import type { FaultRow, Places } from './fault-case.ts';
import { content, isWhole, volumeIsSafe } from './invariants/volume-invariants.ts';

const name = 'shop-app-1';
const base = {
  services: {
    app: { image: 'busybox:lab', restart: 'always', environment: { TOKEN: 'secret', A: '1' }, volumes: ['data:/data'] },
  },
  volumes: { data: { external: true, name: 'foo-0' } },
};

/** Compose is told from the start that it makes the container for another one: so it does after a rollback. */
const arrange = ({ files }: Places): string =>
  `cd '${files}/shop' && docker compose -p shop --project-directory '${files}/shop' -f '${files}/shop/first.yaml' up -d && docker compose -p shop --project-directory '${files}/shop' -f '${files}/shop/compose.yaml' up -d`;

async function isAsAsked(host: FleetHost, { files }: Places): Promise<readonly string[]> {
  const { stdout } = await host.run(
    `docker inspect --type container --format '{{json .Config.Env}} {{.HostConfig.Memory}} {{.State.Running}}' ${name}`,
  );
  const override = await readFile(join(files, 'shop/compose.plimsoll.app.yaml'), 'utf8').catch(() => '');
  return [
    ...(stdout.includes('"A=2"') && !stdout.includes('TOKEN=') && stdout.endsWith(' 67108864 true\n')
      ? []
      : [`${name} has ${stdout}`]),
    ...(override.includes('"A": "2"') ? [] : [`the override file says ${override}`]),
  ];
}

/** Whatever happens, there is one container of the service, under its own name, and it runs: unless the power has failed. */
async function oneRuns(host: FleetHost): Promise<readonly string[]> {
  if ((await readFile(join(host.directory, 'state/events'), 'utf8')).includes('power\n')) return [];
  const { stdout } = await host.run("docker ps -a --format '{{.Names}} {{.State}}'");
  return stdout === `${name} running\n` ? [] : [`the containers are ${JSON.stringify(stdout)}`];
}

export const composed: FaultRow = {
  on: 'by Compose, with another environment and less memory',
  host: {
    name: 'compose',
    kind: 'overlay2-pquota',
    volumes: [{ name: 'foo-0', bytes: 20 * 1024 ** 2, files: content }],
  },
  reversible: true,
  powerSafe: true,
  files: async ({ files }) => {
    await mkdir(join(files, 'shop'));
    await writeFile(
      join(files, 'shop/first.yaml'),
      JSON.stringify({ ...base, services: { app: { ...base.services.app, environment: {} } } }),
    );
    await writeFile(join(files, 'shop/compose.yaml'), JSON.stringify(base));
  },
  arrange,
  steps: () => [
    {
      name: 'Recreate',
      recreate_container: {
        container: name,
        compose: 'override',
        env: { A: '2', TOKEN: null },
        memory: '64MiB',
        gate: { seconds: '1s' },
      },
    },
  ],
  invariants: async (host) => [...(await volumeIsSafe(host)), ...(await oneRuns(host))],
  atEnd: async (host, places) => [...(await isAsAsked(host, places)), ...(await isWhole(host, 'foo-0'))],
};
