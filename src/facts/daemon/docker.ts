import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** What the daemon says about itself. */
export interface Docker {
  readonly version: string;
  /** Major version: 20, 28; 1 for 1.13. */
  readonly major: number;
  /** The storage driver: `devicemapper`, `overlay2`, `overlayfs` (containerd's)… */
  readonly driver: string;
  readonly driverStatus: Readonly<Record<string, string>>;
  /** Containers and images live in containerd's image store, where graph drivers have no say. */
  readonly containerdImageStore: boolean;
  readonly root: string;
  readonly liveRestore: boolean;
  readonly id: string;
  readonly operatingSystem: string;
  readonly kernel: string;
  readonly rootless: boolean;
  readonly userNamespaces: boolean;
  /** systemd runs it as `docker.service`, so that systemctl can restart it. */
  readonly systemdUnit: boolean;
}

const info = z.object({
  ServerVersion: z.string().optional(),
  ServerErrors: z.array(z.string()).optional(),
  Driver: z.string().optional(),
  DriverStatus: z.array(z.array(z.string())).nullish(),
  DockerRootDir: z.string().optional(),
  LiveRestoreEnabled: z.boolean().optional(),
  ID: z.string().optional(),
  OperatingSystem: z.string().optional(),
  KernelVersion: z.string().optional(),
  SecurityOptions: z.array(z.string()).nullish(),
});

const installHint = 'install Docker there, or leave the host out with --limit';

/** Docker since 18.09: `docker info` has every field that is read here, and the CLI has dial-stdio. */
const oldest = { major: 18, minor: 9 };

/** `docker info`, and whether systemd runs the daemon. */
export const dockerInfo: Fact<Docker> = {
  name: 'docker',
  script: shell('facts/daemon/docker.sh'),
  parse({ status, stdout, stderr }) {
    if (status === 127) throw new AppError('no-docker', 'the docker command is not installed', { hint: installHint });
    const [json = '', ...rest] = stdout.trim().split('\n');
    const parsed = info.safeParse(parseJson(json));
    const errors = parsed.success ? (parsed.data.ServerErrors ?? []) : [];
    if (status !== 0 || !parsed.success || errors.length > 0) {
      const why = oneLine(errors.join('; ') || stderr || 'docker info printed nothing that can be read', 300);
      const hint = /permission denied/i.test(why)
        ? 'set become: true for this host, or log in as root'
        : 'is the daemon running? systemctl status docker';
      throw new AppError('no-docker', `docker does not answer: ${why}`, { hint });
    }
    return toDocker(parsed.data, rest.join('\n'));
  },
};

function toDocker(data: z.infer<typeof info>, systemd: string): Docker {
  const version = data.ServerVersion ?? '';
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined || data.Driver === undefined || data.DockerRootDir === undefined) {
    throw new AppError(
      'unsupported',
      `this is not a Docker Engine that plimsoll knows (version "${oneLine(version, 40)}")`,
      { hint: 'podman and other engines are not supported' },
    );
  }
  if (Number(major) < oldest.major || (Number(major) === oldest.major && Number(minor) < oldest.minor)) {
    throw new AppError('unsupported', `Docker ${oneLine(version, 40)} is too old`, {
      hint: `plimsoll needs Docker ${String(oldest.major)}.0${String(oldest.minor)} or newer`,
    });
  }
  const security = data.SecurityOptions ?? [];
  const operatingSystem = data.OperatingSystem ?? '';
  if (operatingSystem.includes('Docker Desktop')) {
    throw new AppError('unsupported', 'this is Docker Desktop, whose storage lies in a virtual machine of its own', {
      hint: 'run plimsoll against Linux hosts',
    });
  }
  const driverStatus = Object.fromEntries((data.DriverStatus ?? []).map(([key = '', value = '']) => [key, value]));
  return {
    version,
    major: Number(major),
    driver: data.Driver,
    driverStatus,
    containerdImageStore: (driverStatus['driver-type'] ?? '').startsWith('io.containerd.snapshotter'),
    root: data.DockerRootDir,
    liveRestore: data.LiveRestoreEnabled ?? false,
    id: data.ID ?? '',
    operatingSystem,
    kernel: data.KernelVersion ?? '',
    rootless: security.some((option) => option.includes('name=rootless')),
    userNamespaces: security.some((option) => option.includes('name=userns')),
    systemdUnit: systemd.includes('LoadState=loaded'),
  };
}
