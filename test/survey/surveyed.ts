import type { ContainerSurvey, HostSurvey, VolumeSurvey } from '../../src/survey/host-survey.ts';

export const gib = 1024 ** 3;

export function container(
  name: string,
  more: Partial<ContainerSurvey['rootfs']> = {},
  id = name.length.toString(16).repeat(32),
): ContainerSurvey {
  return {
    id,
    name,
    state: 'running',
    startError: '',
    mounts: [],
    rootfs: {
      used: gib,
      size: 10 * gib,
      limitedBy: 'thin device',
      live: 10 * gib,
      stored: 10 * gib,
      daemon: 10 * gib,
      restartUndoes: false,
      ...more,
    },
  };
}

export function volume(name: string, more: Partial<VolumeSurvey> = {}): VolumeSurvey {
  return {
    name,
    driver: 'local',
    anonymous: false,
    createdAt: '2026-11-01T08:00:00Z',
    size: gib,
    used: gib / 2,
    usedFrom: 'quota',
    asked: '1G',
    quota: 'enforced',
    mounted: null,
    usedBy: ['app'],
    dangling: null,
    restartUndoes: false,
    ...more,
  };
}

export function host(name: string, more: Partial<HostSurvey> = {}): HostSurvey {
  return {
    host: name,
    status: 'ok',
    error: null,
    gaps: [],
    containers: [],
    volumes: [],
    docker: {
      version: '20.10.24',
      driver: 'devicemapper',
      imageStore: false,
      root: '/var/lib/docker',
      liveRestore: true,
      rootless: false,
      operatingSystem: 'Debian',
      kernel: '6.1',
    },
    fileSystems: [
      {
        mountPoint: '/',
        type: 'ext4',
        source: '/dev/vda',
        size: 50 * gib,
        used: 10 * gib,
        available: 37.5 * gib,
        inodes: 1000,
        freeInodes: 900,
        quotas: 'not possible',
        holds: ["Docker's data", 'volumes'],
      },
    ],
    pool: {
      name: 'docker-pool',
      kind: 'loop',
      state: 'rw',
      needsCheck: false,
      data: { used: 10 * gib, size: 100 * gib },
      metadata: { used: 1024 ** 2, size: 32 * 1024 ** 2 },
      virtualBytes: 150 * gib,
      overcommit: 1.5,
      autoextend: null,
      volumeGroup: null,
      loopFiles: [],
    },
    ...more,
  };
}
