import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { printedField } from '../host/project-quota.ts';
import { shell } from '../../shell/shell.ts';

/** What there is of each storage driver on a host, whether the daemon uses it now or not. */
export interface StorageDrivers {
  /** Of what Docker's root lies on, as `stat -f` names it: `xfs`, `ext2/ext3`, `btrfs`, … */
  readonly fileSystem: string;
  /** Whether an XFS file system keeps the kind of a file in its directory (`ftype=1`); undefined where that cannot be read. */
  readonly ftype: boolean | undefined;
  /** The kernel has the overlay file system, or a module of it. */
  readonly overlay: boolean;
  /** By Docker's own records on the disk: the daemon sees those of its driver only. */
  readonly containers: readonly RecordedContainer[];
  /** How many there are, by driver. */
  readonly images: Readonly<Record<string, number>>;
  /** The file named in the second argument; undefined when there is none. */
  readonly backup: string | undefined;
}

export interface RecordedContainer {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** The names of its volumes. */
  readonly volumes: readonly string[];
}

/** Arguments: Docker's root directory, and a file to be read, or nothing. */
export const storageDrivers: Fact<StorageDrivers> = {
  name: 'storage-drivers',
  script: shell('facts/daemon/storage-drivers.sh'),
  parse({ status, stdout, stderr }) {
    const [head = '', rest = ''] = split(stdout, '\nend\n');
    const fileSystem = printedField(head, 'fs') ?? '';
    const backed = rest.startsWith('backup\n');
    if (
      status !== 0 ||
      fileSystem === '' ||
      (backed ? !rest.endsWith('end') : rest !== '') ||
      !stdout.includes('\nend\n')
    ) {
      throw new AppError(
        'fact-unreadable',
        `what there is of the storage drivers could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'run the same again; -v shows what the host says' },
      );
    }
    const ftype = printedField(head, 'ftype');
    return {
      fileSystem,
      ftype: ftype === '0' || ftype === '1' ? ftype === '1' : undefined,
      overlay: printedField(head, 'overlay') === 'yes',
      containers: readRecords(head),
      images: Object.fromEntries(
        [...head.matchAll(/^images (\S+) (\d+)$/gm)].map(([, driver = '', count]) => [driver, Number(count)]),
      ),
      backup: backed ? rest.slice('backup\n'.length, -'end'.length) : undefined,
    };
  },
};

/** Those that the daemon does not see with the driver that it has. */
export function invisibleTo(driver: string, { containers }: StorageDrivers): readonly RecordedContainer[] {
  return containers.filter((container) => container.driver !== driver);
}

function split(text: string, at: string): readonly string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index + 1), text.slice(index + at.length)];
}

function readRecords(head: string): readonly RecordedContainer[] {
  const found = new Map<string, { name: string; driver: string; volumes: string[] }>();
  for (const [, id = '', slash, name = '', driver = ''] of head.matchAll(
    /^record ([0-9a-f]{64})\/config\.v2\.json:"Name":"(\/?)([^"]*)","Driver":"([^"]*)"$/gm,
  )) {
    const container = found.get(id) ?? { name: '', driver: '', volumes: [] };
    found.set(id, container);
    if (slash === '/') Object.assign(container, { name, driver });
    else if (name !== '') container.volumes.push(name);
  }
  return [...found].map(([id, container]) => ({ id, ...container })).filter(({ driver }) => driver !== '');
}
