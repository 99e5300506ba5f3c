import { insideFunctions } from '../../facts/entered-directory.ts';
import { stateOfFunction } from '../../facts/copied-record.ts';
import type { Peer } from '../../facts/peer.ts';
import { quote } from '../../values/shell.ts';
import { parseBytes } from '../../values/size.ts';
import type { ExecAction } from '../change.ts';
import { rsyncOptions } from '../copy-method.ts';
import { startFunctions } from './copy-stopped.ts';

const day = 86_400_000;

/** The sets of rsync's options that a copy needs; the words of each separated by spaces. */
export interface RsyncSets {
  readonly write: string;
  readonly writeByChecksum: string;
  readonly compare: string;
  /** What is different by size and time; and of that, what is not newer at the destination. */
  readonly list: string;
  readonly listOlder: string;
}

/** `times`: for both ends to know times to the nanosecond. */
export function rsyncSets(times: string, bwlimit: string | undefined): RsyncSets {
  const all = [...rsyncOptions, '--delete', ...(times === '' ? [] : [times])];
  const write = [...all, ...(bwlimit === undefined ? [] : [`--bwlimit=${String(Math.floor(parseBytes(bwlimit) / 1024))}`])];
  return {
    write: write.join(' '),
    writeByChecksum: [...write, '--checksum'].join(' '),
    compare: [...all, '-n', '-i', '--checksum'].join(' '),
    list: [...all, '-n', '-i'].join(' '),
    listOlder: [...all, '-n', '-i', '--update'].join(' '),
  };
}

/** The order in which what the destination allows is named. */
export function setsInOrder({ write, writeByChecksum, compare, list, listOlder }: RsyncSets): readonly string[] {
  return [write, writeByChecksum, compare, list, listOlder];
}

export interface Way extends Pick<Peer, 'port' | 'user' | 'publicKey'> {
  /** As the source reaches it. */
  readonly address: string;
}

/** The name by which the destination's key is looked up: not by an address, which another host may have some day. */
const alias = 'plimsoll-destination';

const keyScript = `# Makes the key for one copy in $1, and what its connection needs: $2 names the copy, $3 is the destination's host key.
directory=$1
umask 077
rm -rf -- "$directory" && mkdir -p -- "$directory" && chmod 700 -- "$directory" "\${directory%/*}" || exit 1
ssh-keygen -q -t ed25519 -N '' -C "plimsoll-copy-$2" -f "$directory/key" </dev/null || exit 1
printf '%s %s\\n' ${alias} "$3" >"$directory/known_hosts" && cat >"$directory/rsh" <<'END'
shift
exec ssh -F none -T -x -a -p "$PLIMSOLL_PORT" -i "\${0%/*}/key" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o PreferredAuthentications=publickey -o "UserKnownHostsFile=\${0%/*}/known_hosts" -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=${alias} -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o CheckHostIP=no -o ControlPath=none -o ClearAllForwardings=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=8 -o LogLevel=ERROR -l "$PLIMSOLL_USER" -- "$PLIMSOLL_ADDRESS" "$*"
END
`;

/** The private key never leaves this directory. */
export function makeKey(directory: string, id: string, publicKey: string): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', directory, id, publicKey], stdin: keyScript };
}

export function removeKey(directory: string): ExecAction {
  return { kind: 'exec', argv: ['rm', '-rf', '--', directory] };
}

/** What rsync takes for its way to the other host: it says on descriptor 7 what is to be run there, and its output comes on 8. */
const bridge = `/bin/sh -c 'shift; echo "$*" >&7; exec 3<&0; cat <&3 >&7 & cat <&8; kill "$!"' sh`;

const passScript = `# Copies $2 to another host; whatever becomes of it, the key for it in $3 is no use afterwards.
send() {
phase=$1 from=$2 directory=$3 trust=$4 stopped=$5 identity=$6
PLIMSOLL_ADDRESS=$7 PLIMSOLL_PORT=$8 PLIMSOLL_USER=$9
shift 9
write=$1 by_checksum=$2 compare=$3 list=$4 list_older=$5 progress=$6
export PLIMSOLL_ADDRESS PLIMSOLL_PORT PLIMSOLL_USER
umask 077
${startFunctions}${insideFunctions}${stateOfFunction}
no() { printf '%s\\n' "$*" >&2; exit 1; }
remote() { /bin/sh "$directory/rsh" to "$@"; }
# Where rsync runs there is nothing to reach another host with: ssh stays outside, and they talk through two pipes.
# Options are words without anything that a shell looks at.
over() {
  options=$1; shift
  rm -f -- "$directory/up" "$directory/down" && mkfifo -- "$directory/up" "$directory/down" || return 1
  (IFS= read -r asked && exec /bin/sh "$directory/rsh" to "$asked") <"$directory/up" >"$directory/down" &
  way_out=$!
  inside ro 'options=$1 rsh=$2; shift 2; exec rsync $options --rsh="$rsh" "$@" "$from/" to:./' "$options" ${quote(bridge)} "$@" 7>"$directory/up" 8<"$directory/down"
  sent=$?
  kill "$way_out" 2>/dev/null
  wait "$way_out" 2>/dev/null
  return "$sent"
}
end() {
  status=$?
  trap - EXIT; trap '' TERM INT HUP
  [ -z "$stopped" ] || start_again "$stopped" || [ "$status" != 0 ] || status=1
  remote revoke || echo "the destination could not be told from here that the copy is over" >&2
  rm -rf -- "$directory"
  exit "$status"
}
trap end EXIT
trap 'exit 143' TERM INT HUP
# One line for each percent; what rsync's status is comes before what is shown of it.
copy() {
  if [ -z "$progress" ]; then over "$1"; return; fi
  { copied=$( { { over "$1" --info=progress2; echo "$?" >&4; } | tr '\\r' '\\n' | awk '$2 != last { print; fflush(); last = $2 }' >&5; } 4>&1 ); } 5>&1
  return "$copied"
}
# What is there and not here, or newer there, but for what rsync leaves when it is cut.
strangers() {
  over "$list" >"$directory/list" && over "$list_older" >"$directory/older" || return 1
  { sed -n 's/^\\*deleting  *//p' "$directory/list" | grep -v '\\(^\\|/\\)\\.[^/]*\\.[A-Za-z0-9]\\{6\\}$'
    grep '^[<>ch][f]' "$directory/list" | grep -vxF -f "$directory/older" | cut -d' ' -f2-; } | head -n 3
}
if [ -n "$stopped" ]; then
  ids=$(named "$stopped") || exit 1
  docker stop $ids >/dev/null || no "the containers could not all be stopped"
  was=$(look $ids) || exit 1
  case $was in *' true '*) no "a container goes on running after docker stop: $was" ;; esac
fi
enter "$from" "$identity" || exit 1
from_is=$identity to= to_is= scratch=
answer=$(remote begin) || no "the destination does not take the copy; it lets this host in only from the address that the plan shows (source_address)"
way=$write
if [ "$answer" = doubtful ]; then
  way=$by_checksum
  if [ "$trust" = own ]; then
    strange=$(strangers) || no "it cannot be told what the destination holds"
    [ -z "$strange" ] || no "the destination holds something that is not in $from, or is newer there: $strange"
  fi
fi
state=$(state_of .) || exit 1
copy "$way"; status=$?
# In a tree that is being changed, a file may vanish between its name and its attributes.
if [ "$phase$status" = live23 ]; then copy "$way"; status=$?; fi
case $phase$status in
  live0 | live24) exit 0 ;;
  final0) ;;
  final24) no "files have vanished from $from during the final pass: something still writes to it" ;;
  *) no "rsync ended with status $status while copying $from" ;;
esac
over "$compare" >"$directory/differences" || no "the copy could not be compared with its source"
# Equal in size and time all the same: written through a memory map during the live pass.
if [ -s "$directory/differences" ]; then
  copy "$by_checksum" && over "$compare" >"$directory/differences" || no "the copy could not be compared with its source"
fi
if [ -s "$directory/differences" ]; then
  { echo "the copy differs from its source in $(wc -l <"$directory/differences") places:"; head -n 20 "$directory/differences"; } >&2
  exit 9
fi
[ -z "$stopped" ] || [ "$(look $ids)" = "$was" ] || no "a container has been started during the final pass"
remote "end $state" || no "the destination could not write down that the copy is complete"
exit 0
}
send "$@" </dev/null
`;

export interface Pass {
  readonly phase: 'live' | 'final';
  readonly from: string;
  /** `device:inode` of the source. */
  readonly identity: string;
  readonly directory: string;
  readonly trust: 'own' | 'anything';
  /** The file that names the containers to stop. */
  readonly stopped?: string;
  readonly way: Way;
  readonly sets: RsyncSets;
  /** rsync can say how far it is. */
  readonly progress: boolean;
}

export function sendPass({ phase, from, identity, directory, trust, stopped = '', way, sets, progress }: Pass): ExecAction {
  const args = [phase, from, directory, trust, stopped, identity, way.address, String(way.port), way.user, ...setsInOrder(sets), progress ? 'progress' : ''];
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', ...args], stdin: passScript, timeoutMs: day };
}
