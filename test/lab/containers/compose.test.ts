// lab: 60 s, src/operations/containers/compose
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from './inspected.ts';
import { nativeFleet, type NativeFleet } from '../native-fleet.ts';

/** Docker Compose 2 is a plugin of docker, docker-compose 1 a program of its own; they name containers differently. */
const kinds = [
  { kind: 'overlay2-20', container: 'shop_app_1', compose: 'docker-compose' },
  { kind: 'overlay2-28', container: 'shop-app-1', compose: 'docker compose' },
] as const;

const project = `services:
  app:
    image: busybox:lab
    command: [sleep, "1000000"]
    stop_grace_period: 1s
    environment: { TOKEN: "correct horse", LEVEL: info }
    volumes: ["data:/data", "/anonymous"]
volumes:
  data: {}
`;

describe.concurrent.each(kinds)(
  'recreate_container with compose: override, on $kind',
  ({ kind, container, compose }) => {
    let fleet: NativeFleet;
    beforeAll(async () => {
      fleet = await nativeFleet(kind);
      const up = await fleet.machine.exec(
        `mkdir -p /srv/shop && cd /srv/shop && cat >compose.yaml && ${compose} -p shop -f /srv/shop/compose.yaml up -d && docker exec ${container} sh -c 'echo kept >/data/file; echo kept >/anonymous/file'`,
        { stdin: project },
      );
      expect(up.code, `${up.stdout}${up.stderr}`).toBe(0);
    });
    afterAll(() => fleet.stop());

    const step = (more: object): object => ({ recreate_container: { container, gate: { seconds: 1 }, ...more } });
    const override = '/srv/shop/compose.plimsoll.app.yaml';

    describe('one after the other', { concurrent: false }, () => {
      it('is refused without it, with the file and the command', async () => {
        const refused = await fleet.run('plan', await fleet.playbook('by-hand', step({ memory: '64MiB' })));
        expect(refused.code, refused.stdout).toBe(4);
        expect(refused.stdout).toMatch(/Compose project shop/);
      });

      it('has Compose make the container anew, with its volumes, and owes the file; once more there is nothing to do', async () => {
        const { machine } = fleet;
        const before = await inspect(machine, container);
        const playbook = await fleet.playbook(
          'override',
          step({ compose: 'override', memory: '64MiB', env: { LEVEL: 'debug' } }),
        );
        const apply = await fleet.run('apply', playbook, '--yes');
        expect(apply.code, apply.stdout).toBe(0);
        const after = await inspect(machine, container);
        expect(after.Id).not.toBe(before.Id);
        expect(after).toMatchObject({ State: { Running: true }, HostConfig: { Memory: 64 * 1024 ** 2 } });
        expect(after.Config['Env']).toEqual(expect.arrayContaining(['TOKEN=correct horse', 'LEVEL=debug']));
        expect(await machine.sh(`docker exec ${container} cat /data/file /anonymous/file`)).toBe('kept\nkept\n');
        expect(await machine.sh(`cat ${override}`)).not.toContain('correct horse');
        expect(JSON.stringify(await fleet.journal())).not.toContain('correct horse');

        const again = await fleet.run('plan', playbook, '--detailed-exitcode');
        expect(again.code, again.stdout).toBe(0);
        expect(again.stdout).toMatch(/compose\.plimsoll\.app\.yaml/);
      });

      it('is not taken back when the files of the project have been changed since; otherwise the container is as it was', async () => {
        const { machine } = fleet;
        await machine.sh(
          `cp /srv/shop/compose.yaml /srv/shop/kept.yaml; sed -i 's/"1000000"/"2000000"/' /srv/shop/compose.yaml`,
        );
        const run = await fleet.newestRun();
        const refused = await fleet.run('rollback', run, '--yes');
        expect(refused.code, refused.stdout).toBe(1);
        expect(refused.stdout).toMatch(/the files of the project have changed since/);
        expect(await inspect(machine, container)).toMatchObject({
          State: { Running: true },
          HostConfig: { Memory: 64 * 1024 ** 2 },
        });
        await machine.sh('mv /srv/shop/kept.yaml /srv/shop/compose.yaml');
        const back = await fleet.run('rollback', run, '--yes');
        expect(back.code, back.stdout).toBe(0);
        expect(await inspect(machine, container)).toMatchObject({
          State: { Running: true },
          HostConfig: { Memory: 0 },
        });
        expect(await machine.sh(`docker exec ${container} cat /data/file /anonymous/file`)).toBe('kept\nkept\n');
        expect((await machine.exec(`test -e ${override}`)).code).toBe(1);
      });
    });
  },
);
