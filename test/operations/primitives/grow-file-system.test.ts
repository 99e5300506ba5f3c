import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/facts/containers/containers.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { FileSystem, FileSystemKind } from '../../../src/facts/host/file-system.ts';
import { fileSystem } from '../../../src/facts/host/file-system.ts';
import { fileSystemFills } from '../../../src/operations/rootfs/file-system-growth.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { resize2fs } from '../../../src/operations/primitives/resize2fs.ts';
import { xfsGrowfs } from '../../../src/operations/primitives/xfs-growfs.ts';
import { mountLoop } from '../../facts/loop-device.ts';
import type { NeedName } from '../../support/needs.ts';
import { Answers } from '../known.ts';
import { applyHere, knowHere, planHere, stateIn } from '../on-this-machine.ts';

const mebibyte = 1024 ** 2;
const device = '/dev/mapper/docker-254:0-10877-4c20';

function container(more: Partial<Container> = {}): Container {
  return {
    id: 'a'.repeat(64),
    name: 'c1',
    image: 'sha256:1',
    labels: {},
    state: { status: 'running', running: true, paused: false, restarting: false, pid: 509, startedAt: '', error: '' },
    driver: 'devicemapper',
    graph: { DeviceName: 'docker-254:0-10877-4c20' },
    storageOpt: null,
    autoRemove: false,
    restart: { name: 'no', maximumRetryCount: 0 },
    ...more,
  };
}

function holding(kind: FileSystemKind, size: number, deviceSize: number, more: Partial<FileSystem> = {}): FileSystem {
  return {
    deviceBytes: deviceSize,
    superblock: { kind, blockSize: 4096, blocks: size / 4096, bytes: size, uuid: '' },
    bytes: size,
    mounts: [{ namespace: 'dockerd', path: '/var/lib/docker/devicemapper/mnt/x' }],
    ...more,
  };
}

function plan(operation: typeof xfsGrowfs, found: FileSystem | null, one: Container = container()): Planned {
  const known = new Answers().set(ask(containers), [one]).set(ask(fileSystem, device, '509'), found);
  return operation.plan({ container: 'c1' }, known);
}

describe('xfs_growfs and resize2fs', () => {
  it('grows an XFS by a second mount of its own, in one script', () => {
    const directory = '/var/lib/plimsoll/mnt/docker-254:0-10877-4c20';
    expect(plan(xfsGrowfs, holding('xfs', 400 * mebibyte, 512 * mebibyte))).toEqual({
      outcome: 'change',
      changes: [
        {
          summary: 'c1: xfs 400 MiB → 512 MiB',
          before: { device, type: 'xfs', fileSystemBytes: 400 * mebibyte, deviceBytes: 512 * mebibyte },
          after: { device, type: 'xfs', fileSystemBytes: 512 * mebibyte, deviceBytes: 512 * mebibyte },
          actions: [
            { kind: 'exec', argv: ['mkdir', '-p', directory], atEnd: [['rmdir', directory]] },
            {
              kind: 'exec',
              argv: ['mount', '-t', 'xfs', '-o', 'nouuid', device, directory],
              atEnd: [['umount', directory]],
            },
            { kind: 'exec', argv: ['xfs_growfs', '-d', directory] },
          ],
          undo: 'irreversible',
          atomic: true,
          bindings: { device: 'docker-254:0-10877-4c20' },
        },
      ],
    });
  });

  it('grows ext by its device, never forced', () => {
    const planned = plan(resize2fs, holding('ext4', 400 * mebibyte, 512 * mebibyte));
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [
        {
          actions: [{}, { argv: ['mount', '-t', 'ext4', device, expect.any(String)] }, { argv: ['resize2fs', device] }],
        },
      ],
    });
    expect(JSON.stringify(planned)).not.toContain('"-f"');
  });

  it.each<[string, typeof xfsGrowfs, FileSystem | null, RegExp]>([
    ['ext4 under xfs_growfs', xfsGrowfs, holding('ext4', 1, 2), /has ext4.*use resize2fs/],
    ['xfs under resize2fs', resize2fs, holding('xfs', 1, 2), /has xfs.*use xfs_growfs/],
    ['no device', xfsGrowfs, null, /no block device/],
    [
      'nothing known',
      xfsGrowfs,
      { deviceBytes: 8, superblock: undefined, bytes: undefined, mounts: [] },
      /no file system that is known/,
    ],
    ['what is not mounted', xfsGrowfs, holding('xfs', 400 * mebibyte, 512 * mebibyte, { mounts: [] }), /not mounted/],
    [
      'a device shorter than its file system',
      xfsGrowfs,
      holding('xfs', 512 * mebibyte, 400 * mebibyte),
      /larger than its device.*repair_rootfs/,
    ],
  ])('refuses %s', (_what, operation, found, reason) => {
    const planned = plan(operation, found);
    expect(planned.outcome === 'refused' ? `${planned.reason} ${planned.remedy}` : planned.outcome).toMatch(reason);
  });

  it.each<[string, Partial<Container>, RegExp]>([
    ['on another driver', { driver: 'overlay2', graph: { UpperDir: '/x' } }, /storage driver overlay2/],
    ['on the containerd store', { driver: 'overlayfs', graph: null }, /storage driver overlayfs/],
    ['that is stopped', { state: { ...container().state, status: 'exited', running: false, pid: 0 } }, /c1 is exited/],
    ['that is paused', { state: { ...container().state, status: 'paused', paused: true } }, /c1 is paused/],
  ])('refuses a container %s', (_what, more, reason) => {
    expect(plan(xfsGrowfs, null, container(more))).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(reason),
    });
  });

  it('asks for the device only once the container is known', () => {
    const known = new Answers();
    expect(xfsGrowfs.needs({ container: 'c1' }, known).map(({ fact }) => fact.name)).toEqual(['containers']);
    known.set(ask(containers), [container()]);
    expect(xfsGrowfs.needs({ container: 'c1' }, known).map(({ key }) => key)).toEqual([
      ask(containers).key,
      ask(fileSystem, device, '509').key,
    ]);
  });
});

describe('fileSystemFills', () => {
  it.each<[FileSystemKind, number, boolean]>([
    ['xfs', 0, true],
    ['xfs', 63 * 4096, true],
    ['xfs', 64 * 4096, false],
    ['ext4', 4 * mebibyte - 1, true],
    ['ext4', 4 * mebibyte, false],
  ])('%s with %i bytes to spare: %s', (kind, spare, expected) => {
    expect(fileSystemFills(400 * mebibyte, 400 * mebibyte + spare, kind)).toBe(expected);
  });
});

describe('on a real loop device', () => {
  const growths: readonly {
    readonly kind: 'xfs' | 'ext4';
    readonly operation: typeof xfsGrowfs;
    readonly tags: NeedName[];
  }[] = [
    { kind: 'xfs', operation: xfsGrowfs, tags: ['lab:xfs-loop'] },
    { kind: 'ext4', operation: resize2fs, tags: ['lab:ext4-loop', 'lab:ext4-resize'] },
  ];
  for (const { kind, operation, tags } of growths) {
    it(`${kind}: nothing to do, grown, and nothing to do again`, { tags }, () => {
      const loop = mountLoop(kind, 320 * mebibyte);
      const state = mkdtempSync(join(tmpdir(), 'plimsoll-state-'));
      try {
        const want = { device: loop.device };
        expect(planHere(operation, want).outcome).toBe('noop');
        loop.grow(400 * mebibyte);
        const planned = planHere(operation, want);
        if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
        for (const change of planned.changes) applyHere(change.actions, stateIn(state));
        expect(planHere(operation, want)).toMatchObject({
          outcome: 'noop',
          reason: 'the file system fills its device of 400 MiB',
        });
        expect(operation.result?.(want, knowHere(operation, want), undefined)).toEqual({
          type: kind,
          size: 400 * mebibyte,
          device_size: 400 * mebibyte,
        });
      } finally {
        rmSync(state, { recursive: true });
        loop.close();
      }
    });
  }
});
