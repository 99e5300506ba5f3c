import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { printedField } from '../host/project-quota.ts';
import { shell } from '../../shell/shell.ts';

/** What tells dockerd how to start, and what it has made of it. */
export interface DaemonConfig {
  readonly path: string;
  /** Undefined when there is no such file. */
  readonly file: { readonly text: string; readonly mode: string } | undefined;
  /** `--storage-opt` on its command line: dockerd refuses to start when the file has the same. */
  readonly storageFlags: readonly string[];
  /** `--storage-driver` on its command line: the same holds. */
  readonly driverFlag?: string;
  /** The base device that new images start from; undefined where Docker has no record of one. */
  readonly baseBytes: number | undefined;
}

const record = z.object({ size: z.number().int().positive() });

/** Argument: Docker's root directory. */
export const daemonConfig: Fact<DaemonConfig> = {
  name: 'daemon-config',
  script: shell('facts/daemon/daemon-config.sh'),
  parse({ status, stdout, stderr }) {
    const split = stdout.indexOf('\ntext\n');
    const head = split < 0 ? stdout : stdout.slice(0, split + 1);
    const path = printedField(head, 'path') ?? '';
    const mode = printedField(head, 'mode') ?? '';
    const whole = split < 0 ? head.endsWith('\nno file\n') : stdout.endsWith('end') && /^[0-7]{3,4}$/.test(mode);
    if (status !== 0 || !path.startsWith('/') || !whole)
      throw new AppError(
        'fact-unreadable',
        `the configuration of the Docker daemon could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'look at it on the host as root: cat /etc/docker/daemon.json' },
      );
    const driver = printedField(head, 'driver');
    const base = record.safeParse(parseJson(printedField(head, 'base') ?? ''));
    return {
      path,
      file:
        split < 0
          ? undefined
          : { text: stdout.slice(split + '\ntext\n'.length, -'end'.length), mode: mode.padStart(4, '0') },
      storageFlags: head.split('\n').flatMap((line) => (line.startsWith('flag ') ? [line.slice('flag '.length)] : [])),
      ...(driver === undefined ? {} : { driverFlag: driver }),
      baseBytes: base.success ? base.data.size : undefined,
    };
  },
};
