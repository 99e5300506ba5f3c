import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { DaemonConfig } from '../../../src/facts/daemon/daemon-config.ts';
import { daemonConfig } from '../../../src/facts/daemon/daemon-config.ts';

const text = '{\n  "live-restore": true,\n  "storage-opts": ["dm.basesize=320M"]\n}\n';
const base = '{"device_id":1,"size":335544320,"transaction_id":1,"initialized":true,"deleted":false}';
const read = (stdout: string, status = 0): DaemonConfig => daemonConfig.parse({ status, stdout, stderr: '' }, []);

describe('the configuration of the daemon', () => {
  it('is read to the letter, with the flags that dockerd was started with and the base device', () => {
    expect(read(`path /etc/docker/daemon.json\nbase ${base}\nmode 644\ntext\n${text}end`)).toEqual({
      path: '/etc/docker/daemon.json',
      file: { text, mode: '0644' },
      storageFlags: [],
      baseBytes: 335_544_320,
    });
    expect(
      read(`flag dm.fs=xfs\nflag dm.basesize=20G\ndriver devicemapper\npath /srv/my docker.json\nbase \nno file\n`),
    ).toEqual({
      path: '/srv/my docker.json',
      file: undefined,
      storageFlags: ['dm.fs=xfs', 'dm.basesize=20G'],
      driverFlag: 'devicemapper',
      baseBytes: undefined,
    });
  });

  it.each([
    ['half an answer', `path /etc/docker/daemon.json\nbase ${base}\nmode 644\ntext\n{`],
    ['no path', 'no file\n'],
    ['no mode', 'path /x\nbase \ntext\n{}end'],
  ])('%s is not guessed about', (_what, stdout) => {
    expect(() => read(stdout)).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });

  it('its script gives an answer that is read, on any machine', () => {
    expect(
      read(execFileSync('/bin/sh', ['-c', daemonConfig.script, 'sh', '/nosuch'], { encoding: 'utf8' })).baseBytes,
    ).toBeUndefined();
  });
});
