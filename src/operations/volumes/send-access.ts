import { copiedFunctions } from '../../facts/copied-record.ts';
import type { Address, CopyLabel, Crossing, HostPath, ServerCommand } from '../../facts/crossing.ts';
import { own } from '../../facts/crossing.ts';
import { insideFunctions } from '../../facts/entered-directory.ts';
import { privilegedEnvironment } from '../../values/privileged-environment.ts';
import type { RelayAction } from '../change.ts';
import { keepFunction } from './copy-passes.ts';
import { shell } from '../../shell/shell.ts';

/**
 * What a source may do at the destination of its copy, and nothing else: the one forced command of its
 * key. Whatever it asks for is compared with what it may ask for; nothing of it is executed.
 *
 * `begin`: the destination holds nothing but this copy, which is written down; `ready`, or `doubtful` when
 * something may have been written there by others, or lost by a restart. One of the rsync commands: that,
 * in the destination. `end STATE`: the copy is complete. `revoke`: the source is not let in any more.
 *
 * Begins with `set --` of: destination, what is copied, seconds since the epoch until when, own or
 * anything (what may be replaced), the rsync commands: two that write, and those that compare; and which directory the
 * destination is (as `enter` takes it).
 */
const gate = `${privilegedEnvironment}
trap '' HUP
no() { printf '%s\\n' "$*" >&2; exit 1; }
directory=\${0%/*}
${copiedFunctions}${insideFunctions}state=\${directory%/receiving/*}
to_is=\${10} scratch=
${keepFunction}
label=$2 until=$3 trust=$4
revoke() { /bin/sh "$directory/revoke"; }
remember() { text=$(cat -- "$mine") && keep "$state/copied/$name" "\${text%?}\${1:+,\\"source\\":\\"$1\\"},\\"left\\":\\"$(state_of .)\\"}"; }
if [ "$asked" = revoke ]; then revoke; exit; fi
known=
for allowed in begin "$5" "$6" "$7" "$8" "$9"; do [ "$asked" != "$allowed" ] || known=yes; done
case $asked in 'end '*) case \${asked#end } in *[!0-9.\\ ]*) ;; *) known=yes ;; esac ;; esac
[ -n "$known" ] || no "this key is only for the copy of $label to $1"
[ "$(date +%s)" -lt "$until" ] || { revoke; no "the time for this copy is over"; }
copy_of "$label" "$1" || no "$1 is not there as it was planned for"
exec 8>>"$directory/lock"
flock -w 120 8 || no "an earlier connection still writes to $to"
find_own
case $asked in
  begin)
    answer=ready
    for at in "$state"/copies/*; do
      [ -f "$at" ] && [ "$at" != "$mine" ] || continue
      case $(cat -- "$at") in *"\\"to\\":\\"$(json "$to")\\",\\"inode\\":\\"$(stat -c %i .)\\",\\"born\\":$born,"*) [ "$trust" = anything ] && rm -f -- "$at" || no "another copy into $to was begun: $(cat -- "$at")" ;; esac
    done
    if [ -n "$mine" ]; then
      case $(cat -- "$mine") in *'"found":"else"'*) [ "$trust" = anything ] || no "$to held something else before the copy was begun" ;; esac
      if occupied && ! as_left || [ "$(stat -c %Y -- "$mine")" -lt "$(sed -n 's/^btime //p' /proc/stat)" ]; then answer=doubtful; fi
    else
      found=nothing mode=$(stat -c %a .)
      while [ "\${#mode}" -lt 4 ]; do mode=0$mode; done
      if occupied; then
        if as_left; then found=part
        elif [ "$trust" = anything ]; then found=else answer=doubtful
        else no "$to is not empty, and what is there is no copy of $label"; fi
      fi
      mine=$state/copies/$name
      keep "$mine" "$key\\"found\\":\\"$found\\",\\"owner\\":\\"$(stat -c %u:%g .)\\",\\"mode\\":\\"$mode\\"}"
    fi
    [ $answer = doubtful ] || touch -- "$mine"
    echo $answer ;;
  'end '*)
    [ -n "$mine" ] || no "no copy was begun"
    sync -f . && remember "\${asked#end }" && rm -f -- "$mine" || no "the copy could not be written down" ;;
  "$5" | "$6")
    [ -n "$mine" ] || no "no copy was begun"
    from=
    inside rw 'set -f; exec $1' "$asked"; status=$?
    # Only this has written here, however it has ended.
    sync -f . && remember
    exit "$status" ;;
  "$7" | "$8" | "$9") from=; inside ro 'set -f; exec $1' "$asked" ;;
esac`;

/** Shell functions about the line in the user's file. `$keys` file, `$id` the copy. Nothing is put through a link, and the file is replaced as a whole. */
const keysFunctions = shell('operations/volumes/keys.sh');

/** `$1` copy, `$2` user, `$3` their file. Takes away what was allowed; nothing to do is success. */
const revoke = `${shell('operations/volumes/send-access-revoke.sh')}\n`;

/**
 * `$1` copy, `$2` user, `$3` their file, `$4` address of the source, `$5` how the user becomes root, `$6` whether
 * sshd knows expiry-time; then what the gate begins with, without the time. Standard input: the public key.
 */
const grant = `state=\${PLIMSOLL_STATE:-/var/lib/plimsoll} id=$1 user=$2 keys=$3 address=$4 prefix=$5 expires=$6
shift 6
${keysFunctions}
IFS=' ' read -r type key rest || :
case $type in ssh-ed25519) ;; *) no "that is no public key of the kind that was made" ;; esac
case $key in ''|*[!A-Za-z0-9+/=]*) no "that is no public key" ;; esac
# Whatever has asked for it: what stands here is read by sshd as a pattern, and ends at a quotation mark.
case $address in ''|*[!0-9A-Fa-f.:]*) no "that is no address: $address" ;; esac
case $id in ''|*[!0-9a-f]*) no "that is no name of a copy: $id" ;; esac
directory=$state/receiving/$id
case $directory in *[!A-Za-z0-9/._-]*) no "plimsoll's own directory has a name that cannot stand in $keys: $directory" ;; esac
mkdir -p -m 700 -- "$directory" || exit 1
alone
word() { printf " '%s'" "$(printf %s "$1" | sed "s/'/'\\\\\\\\''/g")"; }
until=$(($(date +%s) + 93600))
{
  printf 'asked=$1\\nset --'
  word "$1"; word "$2"; word "$until"; shift 2
  for each do word "$each"; done
  printf '\\n'
  cat <<'END-OF-GATE'
${gate}
END-OF-GATE
} >"$directory/gate" || exit 1
{
  printf 'set --'; word "$id"; word "$user"; word "$keys"
  printf '\\nPLIMSOLL_STATE='; word "$state" | cut -c2-
  cat <<'END-OF-REVOKE'
${revoke}
END-OF-REVOKE
} >"$directory/revoke" || exit 1
sync -- "$directory/gate" "$directory/revoke" "$directory"
at=\${keys%/*}
[ -d "$at" ] || { mkdir -m 700 -- "$at" && own "$at" && : >"$directory/made-directory"; } || no "$at could not be made"
[ -e "$keys" ] || : >"$directory/made"
{
  others_lines
  printf 'restrict,from="%s",' "$address"
  [ -z "$expires" ] || printf 'expiry-time="%s",' "$(date -d "@$until" +%Y%m%d%H%M%S)"
  printf 'command="%s/bin/sh %s/gate \\\\"$SSH_ORIGINAL_COMMAND\\\\"" ssh-ed25519 %s plimsoll-copy-%s\\n' "$prefix" "$directory" "$key" "$id"
} | replace
`;

/** Who may come in, from where, and for what. */
export interface Access {
  readonly host: string;
  /** The copy's own name on both hosts. */
  readonly id: Crossing;
  readonly user: Crossing;
  readonly keysFile: HostPath;
  /** The source's address, as the destination sees it. */
  readonly address: Address;
  readonly isRoot: boolean;
  /** sshd takes expiry-time (OpenSSH 8.2). */
  readonly expires: boolean;
  readonly to: HostPath;
  /** Which directory that is; empty of one that is made for the copy. */
  readonly identity: Crossing;
  /** The source, in what is written down at the destination. */
  readonly label: CopyLabel;
  readonly trust: 'own' | 'anything';
  /** The first two write. */
  readonly commands: readonly ServerCommand[];
}

const shortly = 60_000;

/** Lets the key of the source in; at the end of the change, whatever has become of it, no more. */
export function grantAccess(access: Access, publicKey: string): RelayAction {
  const { host, id, user, keysFile, address, isRoot, expires, to, identity, label, trust, commands } = access;
  return {
    kind: 'relay',
    host,
    what: `let ${address} in as ${user}, by a key that is for this copy only`,
    script: grant,
    args: [id, user, keysFile, address, own(isRoot ? '' : 'sudo -n '), own(expires ? 'yes' : ''), to, label, own(trust), ...commands, identity],
    input: publicKey,
    atEnd: { script: revoke, args: [id, user, keysFile] },
    timeoutMs: shortly,
  };
}

/** Nothing to take away is success. */
export function revokeAccess({ host, id, user, keysFile }: Pick<Access, 'host' | 'id' | 'user' | 'keysFile'>): RelayAction {
  return { kind: 'relay', host, what: `let nobody in for this copy any more`, script: revoke, args: [id, user, keysFile], timeoutMs: shortly };
}
