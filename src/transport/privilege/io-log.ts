import { sudoDefaults, sudoersFile } from '../../values/sudoers.ts';
import { shell } from '../../shell/shell.ts';

/**
 * Inside of what sudo has started: sets `l` where sudo stands between us and what we read or write, which it does to
 * keep a copy of it (log_input, log_output), and not otherwise. One line of shell, and no process. A sudo that has become its
 * program keeps nothing.
 */
export const ioLogSign =
  'l=; { read -r c </proc/$PPID/comm; if [ "$c" = sudo ]; then for f in 0 1; do [ /proc/self/fd/$f -ef /proc/$PPID/fd/$f ] || l=logged; done; fi; } 2>/dev/null';

/** What root asks then. */
export const sudoRights = shell('transport/privilege/sudo-rights.sh');

/** What is kept of which direction. A directory with `%{seq}` is one for each command. */
export function ioLogWarning(user: string, rights: string): string | undefined {
  const { input, output, directory } = readRights(rights);
  if (!input && !output) return undefined;
  const kept = [...(input ? ['what plimsoll sends'] : []), ...(output ? ['what it is answered'] : [])].join(' and ');
  const settings = [...(input ? ['log_input'] : []), ...(output ? ['log_output'] : [])];
  return (
    `sudo keeps a copy of ${kept} in ${directory} (${settings.join(', ')}): a backup or a copy of 10 GiB leaves as much there` +
    `${input ? ', and with it the secrets that steps are given' : ''}. As root, visudo -f ${sudoersFile} takes this line: ` +
    `${sudoDefaults(user, ...settings.map((name) => `!${name}`))}${/\bLOG_(?:INPUT|OUTPUT):/.test(rights) ? '; and the tag LOG_INPUT: or LOG_OUTPUT: of the rule is to be taken out' : ''}`
  );
}

/** As `sudo -l` prints it: words between commas, of which the last one holds. */
function readRights(rights: string): {
  readonly input: boolean;
  readonly output: boolean;
  readonly directory: string;
} {
  const [defaults = '', rules = ''] = rights.split(/^User .* may run the following commands/m);
  const words = defaults
    .split('\n')
    .filter((line) => /^\s/.test(line))
    .join(' ')
    .split(',')
    .map((word) => word.trim());
  const isSet = (...names: readonly string[]): boolean =>
    words.findLast((word) => names.includes(word.replace(/^!/, '')))?.startsWith('!') === false;
  return {
    input: isSet('log_input', 'log_stdin') || /\bLOG_INPUT:/.test(rules),
    output: isSet('log_output', 'log_stdout', 'log_stderr') || /\bLOG_OUTPUT:/.test(rules),
    directory:
      words.findLast((word) => word.startsWith('iolog_dir='))?.slice('iolog_dir='.length) ?? '/var/log/sudo-io',
  };
}
