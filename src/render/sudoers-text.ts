import { doasRule, sudoersFile, sudoersName, sudoRule } from '../values/sudoers.ts';
import { oneLine } from '../values/terminal.ts';
import { foldNames } from './fold-names.ts';

/** What hosts need that come to root's rights in the same way. */
export interface Needed {
  readonly become: 'none' | 'sudo' | 'doas' | 'su';
  readonly user: string;
  readonly becomeUser: string;
  readonly password: boolean;
  readonly receives: boolean;
  readonly hosts: ReadonlySet<string>;
  readonly operations: ReadonlySet<string>;
}

const preamble = [
  'plimsoll starts one shell on a host and does everything in it, so one rule is all that it needs, whatever the',
  'playbook says. It is no allow-list: whoever may run /bin/sh as root may do all that root may, and programs cannot be',
  'allowed one by one, since plimsoll does not call sudo for each of them. What is run is what the preview shows, and that',
  'is held by plimsoll, not by sudo.',
];

/** A fragment of sudoers, which visudo accepts; what sudo has no part in is a comment in it. */
export function sudoersText(
  playbook: string,
  needs: readonly Needed[],
  unknown: readonly { readonly name: string; readonly where: string }[],
): string {
  const lines = [
    comment(`What plimsoll needs to carry out ${playbook}.`),
    ...preamble.map(comment),
    comment(`As root: visudo -f ${sudoersFile}. Each host needs the lines only that name it.`),
    ...needs.flatMap((need) => ['', ...linesOf(need)]),
    ...unknown.flatMap(({ name, where }) => [
      '',
      comment(`${where}: ${name}: the host that it copies to is not known before it is planned; it needs a line, too.`),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function linesOf(need: Needed): readonly string[] {
  const { user, receives, hosts, operations } = need;
  const who = comment(`${foldNames([...hosts])}: ${[...operations].sort().join(', ')}`);
  if (sudoersName(user) === undefined && (receives || need.become === 'sudo'))
    return [who, comment(`the name ${user} cannot be written here: write #UID for it, with its number (id -u).`)];
  return [who, ...(receives ? receiving(need) : own(need))];
}

/** The last rule that fits counts: this one stands behind that of the same host for its own steps. */
function receiving(need: Needed): readonly string[] {
  return [
    ...(need.become === 'sudo' ? [] : own(need)),
    comment('copies to it come in as sudo -n /bin/sh, without a password, whatever else needs one:'),
    `${sudoRule({ ...need, becomeUser: 'root', password: false })}, /bin/true, /usr/bin/true`,
  ];
}

function own(need: Needed): readonly string[] {
  const { become, user, becomeUser } = need;
  switch (become) {
    case 'none':
      return [
        comment(
          user === 'root'
            ? 'needs nothing: the login is root.'
            : `needs nothing: the steps are done as ${user}, with the rights of ${user} only.`,
        ),
      ];
    case 'doas':
      return [comment('doas has a file of its own, /etc/doas.conf:'), comment(doasRule(need))];
    case 'su':
      return [comment(`needs no rule: su is answered with the password of ${becomeUser} (become_password).`)];
    case 'sudo':
      return [sudoRule(need)];
  }
}

/** `#include` with nothing between would be read as one; a line feed would end the comment, and a backslash would not. */
function comment(text: string): string {
  return `# ${oneLine(text).replace(/\\+$/, '')}`;
}
