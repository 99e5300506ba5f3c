import { existsSync } from 'node:fs';
import { appendFile, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPlace } from './execute.ts';
import { runOnHost } from './execute.ts';

/**
 * A power cycle: processes, device-mapper tables, mounts and /run are gone; files, thin volumes and
 * quotas stay. The daemon starts, and with it the containers that it starts by themselves.
 */
export async function cyclePower(place: HostPlace): Promise<void> {
  const { directory, processes } = place;
  await processes.endOf(directory);
  await forgetDevices(directory);
  await forgetMounts(join(directory, 'root/proc'));
  for (const name of await readdir(join(directory, 'root/run')))
    await rm(join(directory, 'root/run', name), { recursive: true, force: true });
  await appendFile(join(directory, 'state/events'), 'power\n');
  await forgetDrafts(directory);
  await stopContainers(join(directory, 'state/containers'));
  if (place.spec.kind === 'no-docker') return;
  await writeFile(join(directory, 'state/daemon/status'), 'inactive\n');
  const { code, stderr } = await runOnHost(place, 'systemctl start docker');
  if (code !== 0) throw new Error(`${place.spec.name}: docker does not start after the power cycle: ${stderr}`);
}

/** LVM makes its pool again; dockerd one on loop files, when it starts with devicemapper; a container's device is made when that starts. */
async function forgetDevices(directory: string): Promise<void> {
  const devices = join(directory, 'state/dm');
  for (const name of await readdir(devices)) {
    const table = await readFile(join(devices, name, 'table'), 'utf8');
    for (const file of ['inactive', 'suspended', 'deferred', 'readonly'])
      await rm(join(devices, name, file), { force: true });
    if (/^\d+ \d+ thin-pool 7:/.test(table)) {
      for (const loop of ['0', '1']) await rm(join(directory, 'state/loop', loop), { force: true });
      await rename(join(devices, name), join(directory, 'state/pool-away'));
    }
    if (!/^\d+ \d+ thin /.test(table)) continue;
    await rm(join(devices, name), { recursive: true, force: true });
    await rm(join(directory, 'root/dev/mapper', name), { force: true });
  }
}

async function forgetMounts(proc: string): Promise<void> {
  for (const name of await readdir(proc)) {
    if (name !== 'self') await rm(join(proc, name), { recursive: true, force: true });
  }
  const table = join(proc, 'self/mountinfo');
  if (!existsSync(table)) return;
  const lines = (await readFile(table, 'utf8')).split('\n');
  await writeFile(table, lines.filter((line) => !line.includes(' - ') || !line.includes(' /dev/mapper/')).join('\n'));
}

/** Containers that were being created or removed: Docker removes what is left of these when it starts. */
async function forgetDrafts(directory: string): Promise<void> {
  const state = join(directory, 'state');
  const names = await readdir(state);
  // Of every storage driver, whether the daemon has it now or not.
  const known = (
    await Promise.all(
      names.filter((name) => /^order(\.\w+)?$/.test(name)).map((name) => readFile(join(state, name), 'utf8')),
    )
  )
    .join('')
    .split('\n');
  for (const name of names) if (name.startsWith('new.')) await rm(join(state, name), { recursive: true });
  const containers = join(state, 'containers');
  const hashes = new Set<string>();
  for (const id of existsSync(containers) ? await readdir(containers) : []) {
    const record = await readFile(join(containers, id, 'static'), 'utf8').catch(() => '');
    if (known.includes(id)) hashes.add(/^c_Hash=(\w+)$/m.exec(record)?.[1] ?? '');
    else await rm(join(containers, id), { recursive: true });
  }
  const layers = join(directory, 'root/var/lib/docker/overlay2');
  for (const hash of existsSync(layers) ? await readdir(layers) : []) {
    if (hashes.has(hash)) continue;
    await rm(join(layers, hash), { recursive: true });
    await rm(join(state, 'projects', hash), { force: true });
  }
}

async function stopContainers(containers: string): Promise<void> {
  for (const id of existsSync(containers) ? await readdir(containers) : []) {
    const file = join(containers, id, 'dynamic');
    const before = await readFile(file, 'utf8');
    if (!/f_State_Running='?true/.test(before)) continue;
    const now = `${new Date().toISOString().slice(0, -1)}000000Z`;
    const fields = {
      Status: '\'"exited"\'',
      Running: 'false',
      Pid: '0',
      ExitCode: '255',
      Paused: 'false',
      FinishedAt: `'"${now}"'`,
    };
    const text = Object.entries(fields).reduce(
      (rest, [key, value]) => rest.replace(new RegExp(`f_State_${key}=(?:'[^']*'|[^ \n]*)`), `f_State_${key}=${value}`),
      before,
    );
    await writeFile(file, text);
  }
}
