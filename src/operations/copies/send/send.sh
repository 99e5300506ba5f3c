# Arguments: live or final; source; the directory of the key; own or anything (what may be replaced); the file that
# names the containers to stop, or nothing; which directory the source is; address, port and user of the destination;
# the sets of rsync's options that write, write by checksum, compare, list, and list what is older.
# shellcheck disable=SC2034 # for what it sources: measure

# Copies $2 to another host; whatever becomes of it, the key for it in $3 is no use afterwards.
send() {
  phase=$1 from=$2 directory=$3 trust=$4 stopped=$5 identity=$6
  PLIMSOLL_ADDRESS=$7 PLIMSOLL_PORT=$8 PLIMSOLL_USER=$9
  shift 9
  write=$1 by_checksum=$2 compare=$3 list=$4 list_older=$5 measure=
  export PLIMSOLL_ADDRESS PLIMSOLL_PORT PLIMSOLL_USER
  umask 077
  . ../stopped.sh
  . ../../../facts/copies/inside.sh
  . ../../../facts/copies/state-of.sh
  bridge=$(cat ./bridge.sh)
  . ../../../shell/no.sh
  remote() { /bin/sh "$directory/rsh" to "$@"; }
  # Where rsync runs there is nothing to reach another host with: ssh stays outside, and they talk through two pipes.
  # Options are words without anything that a shell looks at.
  over() {
    options=$1
    shift
    rm -f -- "$directory/up" "$directory/down" && mkfifo -- "$directory/up" "$directory/down" || return 1
    (IFS= read -r asked && exec /bin/sh "$directory/rsh" to "$asked") <"$directory/up" >"$directory/down" &
    way_out=$!
    inside ro 'options=$1 rsh=$2; shift 2; exec rsync $options --rsh="$rsh" "$@" "$from/" to:./' "$options" "/bin/sh -c '$bridge' sh" "$@" 7>"$directory/up" 8<"$directory/down"
    sent=$?
    kill "$way_out" 2>/dev/null
    wait "$way_out" 2>/dev/null
    return "$sent"
  }
  end() {
    status=$?
    trap - EXIT
    trap '' TERM INT HUP
    [ -z "$stopped" ] || start_again "$stopped" || [ "$status" != 0 ] || status=1
    remote revoke || echo "the destination could not be told from here that the copy is over" >&2
    rm -rf -- "$directory"
    exit "$status"
  }
  trap end EXIT
  trap 'exit 143' TERM INT HUP
  # Of what is there already this host knows nothing: after a pass that was made while containers ran nothing is measured.
  count() {
    [ -n "${PLIMSOLL_WORK-}" ] && [ -z "$stopped" ] || return 0
    { bytes=$(du -sxB1 --apparent-size . | cut -f1) && amount "$bytes" "$bytes"; } >/dev/null 2>&1 &
  }
  copy() {
    measure="written copied rest"
    over "$1"
    copied=$?
    measure=
    return "$copied"
  }
  # What is there and not here, or newer there, but for what rsync leaves when it is cut.
  strangers() {
    over "$list" >"$directory/list" && over "$list_older" >"$directory/older" || return 1
    {
      sed -n 's/^\*deleting  *//p' "$directory/list" | grep -v '\(^\|/\)\.[^/]*\.[A-Za-z0-9]\{6\}$'
      grep '^[<>ch][f]' "$directory/list" | grep -vxF -f "$directory/older" | cut -d' ' -f2-
    } | head -n 3
  }
  if [ -n "$stopped" ]; then
    ids=$(named "$stopped") || exit 1
    docker stop $ids >/dev/null || no "the containers could not all be stopped"
    was=$(look $ids) || exit 1
    case $was in *' true '*) no "a container goes on running after docker stop: $was" ;; esac
  fi
  enter "$from" "$identity" || exit 1
  from_is=$identity to='' to_is='' scratch=
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
  count
  copy "$way"
  status=$?
  # In a tree that is being changed, a file may vanish between its name and its attributes.
  if [ "$phase$status" = live23 ]; then
    copy "$way"
    status=$?
  fi
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
    {
      echo "the copy differs from its source in $(wc -l <"$directory/differences") places:"
      head -n 20 "$directory/differences"
    } >&2
    exit 9
  fi
  [ -z "$stopped" ] || [ "$(look $ids)" = "$was" ] || no "a container has been started during the final pass"
  remote "end $state" || no "the destination could not write down that the copy is complete"
  exit 0
}
send "$@" </dev/null
