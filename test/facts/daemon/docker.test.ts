import { describe, expect, it } from 'vitest';
import { kinds } from '../../../lab/sim/calls.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { recorded } from '../../sim/transcripts.ts';

const info = {
  ServerVersion: '20.10.24',
  Driver: 'overlay2',
  DockerRootDir: '/var/lib/docker',
  DriverStatus: [['Backing Filesystem', 'xfs']],
  LiveRestoreEnabled: true,
  OperatingSystem: 'Debian',
};
const printed = (
  value: unknown,
  systemd = 'LoadState=loaded\n',
): { status: number; stdout: string; stderr: string } => ({
  status: 0,
  stdout: `${JSON.stringify(value)}\n\n${systemd}`,
  stderr: '',
});
const parse = (value: unknown, systemd?: string) => dockerInfo.parse(printed(value, systemd), []);

describe('what real daemons say', () => {
  it.each([
    ['dm-xfs', { major: 20, driver: 'devicemapper', containerdImageStore: false, systemdUnit: true, rootless: false }],
    ['dm-ext4', { driver: 'devicemapper' }],
    ['dm-lvm', { driver: 'devicemapper' }],
    ['overlay2-20', { major: 20, driver: 'overlay2', containerdImageStore: false }],
    ['overlay2-28', { major: 28, driver: 'overlay2', containerdImageStore: false, root: '/var/lib/docker' }],
    ['containerd-28', { major: 28, driver: 'overlayfs', containerdImageStore: true }],
  ] as const)('%s', async (kind, expected) => {
    expect(kinds).toContain(kind);
    const { facts } = await recorded(kind);
    const answer = facts.find(({ name }) => name === 'docker');
    expect(
      dockerInfo.parse(
        { status: answer?.status ?? -1, stdout: answer?.stdout ?? '', stderr: answer?.stderr ?? '' },
        [],
      ),
    ).toMatchObject(expected);
  });
});

describe('what it says of a daemon', () => {
  it.each<[string, unknown, string | undefined, Record<string, unknown>]>([
    ['the oldest that is supported', { ...info, ServerVersion: '18.09.9' }, undefined, { major: 18 }],
    [
      'rootless',
      { ...info, SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] },
      undefined,
      { rootless: true, userNamespaces: false },
    ],
    ['user namespaces', { ...info, SecurityOptions: ['name=userns'] }, undefined, { userNamespaces: true }],
    ['without systemd', info, '', { systemdUnit: false }],
    ['not a unit of systemd', info, 'LoadState=not-found\n', { systemdUnit: false }],
    ['without live-restore', { ...info, LiveRestoreEnabled: undefined }, undefined, { liveRestore: false }],
    [
      'nulls for empty lists',
      { ...info, DriverStatus: null, SecurityOptions: null },
      undefined,
      { driverStatus: {}, rootless: false },
    ],
  ])('%s', (_what, value, systemd, expected) => {
    expect(parse(value, systemd)).toMatchObject(expected);
  });

  it.each<[string, unknown, string, string]>([
    ['too old', { ...info, ServerVersion: '18.06.3' }, 'unsupported', 'too old'],
    ['much too old', { ...info, ServerVersion: '1.13.1' }, 'unsupported', 'too old'],
    ['podman', { host: {}, version: { Version: '4.3.1' } }, 'unsupported', 'not a Docker Engine'],
    ['a version of words', { ...info, ServerVersion: 'dev' }, 'unsupported', 'not a Docker Engine'],
    ['Docker Desktop', { ...info, OperatingSystem: 'Docker Desktop' }, 'unsupported', 'Docker Desktop'],
    [
      'a daemon that does not run',
      { ServerErrors: ['Cannot connect to the Docker daemon'] },
      'no-docker',
      'Cannot connect',
    ],
  ])('%s is refused', (_what, value, code, message) => {
    expect(() => parse(value)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  it.each([
    [{ status: 127, stdout: '', stderr: '' }, 'not installed', 'install Docker'],
    [
      { status: 3, stdout: '', stderr: 'permission denied while trying to connect' },
      'permission denied',
      'become: true',
    ],
    [{ status: 3, stdout: '', stderr: 'Is the docker daemon running?' }, 'daemon running', 'systemctl status docker'],
    [{ status: 0, stdout: 'garbage', stderr: '' }, 'nothing that can be read', 'systemctl'],
    [{ status: 3, stdout: '', stderr: '\x1b[2Jowned' }, '\\x1b[2Jowned', ''],
  ])('%j', (answer, message, hint) => {
    expect(() => dockerInfo.parse(answer, [])).toThrow(
      expect.objectContaining({
        code: 'no-docker',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});
