import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** What a container's labels say of the Compose project that it is a part of. */
export interface ComposeLabels {
  readonly project: string;
  readonly service: string;
  readonly directory: string;
  /** As they stand in the label; absolute here. */
  readonly files: readonly string[];
  readonly environmentFiles: readonly string[];
  readonly hash: string;
  /** Of the Compose that has made it. */
  readonly version: string;
  /** Made by `docker compose run`. */
  readonly oneOff: boolean;
}

const prefix = 'com.docker.compose.';

/** Undefined: no container of Compose. */
export function composeLabels(labels: Readonly<Record<string, unknown>>): ComposeLabels | undefined {
  const label = (name: string): string => {
    const value = labels[`${prefix}${name}`];
    return typeof value === 'string' ? value : '';
  };
  const project = label('project');
  if (project === '') return undefined;
  const directory = label('project.working_dir');
  const paths = (name: string): readonly string[] =>
    label(name)
      .split(',')
      .filter((path) => path !== '')
      .map((path) => (path.startsWith('/') ? path : `${directory}/${path}`));
  return {
    project,
    service: label('service'),
    directory,
    files: paths('project.config_files'),
    environmentFiles: paths('project.environment_file'),
    hash: label('config-hash'),
    version: label('version'),
    oneOff: label('oneoff').toLowerCase() === 'true',
  };
}

/** The options that make Compose read what it has read when it made the container. */
export function composeOptions({ files, environmentFiles }: ComposeLabels): readonly string[] {
  return [...environmentFiles.flatMap((file) => ['--env-file', file]), ...files.flatMap((file) => ['-f', file])];
}

/** What we write into the override files of a service as their first line, so that they can be told from others. */
export function overrideMarker(service: string): string {
  return `# Written by plimsoll for the service ${JSON.stringify(service)}: docker compose reads this after the files of the project.`;
}

/** The last line's beginning; the SHA-256 of all lines before it follows. */
export const overrideSeal = '# sha256 ';

/** A function: whether the file is one of ours and nobody has changed it. */
export const isOursFunction = shell('facts/containers/is-ours.sh', { override_seal: overrideSeal });

export interface ComposeProject {
  /** `docker compose` or `docker-compose`, and its version; undefined: there is none. */
  readonly tool: { readonly command: string; readonly release: string } | undefined;
  readonly directoryExists: boolean;
  /** Of the files that the labels name. */
  readonly missing: readonly string[];
  /** What stands where the override file is to be. */
  readonly override: 'absent' | 'ours' | 'other';
  /** The containers of the service that `up` has made. */
  readonly replicas: number;
  /** What `docker compose up` would do from these files, a line each; undefined when it cannot say. */
  readonly would: readonly string[] | undefined;
  /** Why it cannot. */
  readonly complaint: string;
  /** The image is in a form that docker-compose 1 can make a container from once more. */
  readonly suits: boolean;
  /** What a plain `docker compose up` in the directory would do; empty where that was not asked. */
  readonly plain: readonly string[];
}

/** Arguments: name, image, project, service, directory, hash, version, the override's path and marker, `plain` or nothing, and then the options. */
export const composeProject: Fact<ComposeProject> = {
  name: 'compose-project',
  timeoutMs: 600_000,
  script: shell('facts/containers/compose-project.sh', { override_seal: overrideSeal }),
  parse({ status, stdout, stderr }, [name = '']) {
    const lines = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError(
        'fact-unreadable',
        `what Compose makes of ${oneLine(name, 80)} could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'run docker compose ps there by hand' },
      );
    const all = (word: string): readonly string[] =>
      lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    const [, release, command] = /^(\S+) (.+)$/.exec(all('tool')[0] ?? '') ?? [];
    const [override = 'other'] = all('override');
    const would = all('would');
    return {
      tool: release === undefined || command === undefined ? undefined : { command, release },
      directoryExists: lines.includes('directory'),
      missing: all('missing'),
      override: override === 'absent' || override === 'ours' ? override : 'other',
      replicas: all('replica').length,
      would: would.length === 0 ? undefined : would,
      complaint: all('complaint').join(' '),
      suits: lines.includes('suits'),
      plain: all('plain'),
    };
  },
};

export interface ComposeContainer {
  readonly name: string;
  readonly image: string;
  readonly labels: ComposeLabels;
  readonly override: string;
  /** Whether the last of its files is an override of ours. */
  readonly overridden: boolean;
}

export function askComposeProject({
  name,
  image,
  labels,
  override,
  overridden,
}: ComposeContainer): FactRequest<ComposeProject> {
  const { project, service, directory, hash, version } = labels;
  return ask(
    composeProject,
    name,
    image,
    project,
    service,
    directory,
    hash,
    version,
    override,
    overrideMarker(service),
    overridden ? 'plain' : '',
    ...composeOptions(labels),
  );
}
