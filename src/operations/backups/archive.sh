# Arguments: the file that names the containers that are stopped or paused meanwhile, or nothing; the directory, and
# which one that is; where the archive is made; the backup's name, its archive's name, its compression and its
# consistency; `list` where what is in the files is to be listed, or nothing; what of the manifest is known before, as
# the inside of a JSON object; where it is kept; and then to whom it is encrypted.
# shellcheck disable=SC2174 # only the last directory is ours
# shellcheck disable=SC2034 # for what it sources: measure

# Archives $2 into $4/$6, with the containers that $1 names stopped or paused, and says beside it what it is; encrypted
# to what follows $11.
back_up() {
  . ../copies/stopped.sh
  . ../../facts/copies/inside.sh
  . ../../shell/walk.sh
  . ./stage.sh
  . ./seal.sh
  . ./sealed.sh
  tar_text=$(cat ./tar-out.sh)
  content_list_text=$(cat ./content-list.sh)
  file=$1 from=$2 identity=$3 spool=$4 name=$5 archive=$6 packing=$7 how=$8 list=$9
  shift 9
  known=$1 place=$2
  shift 2
  state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
  part=$spool/.$archive.part work=$state/backing-up held='' proven=
  . ../../shell/no.sh
  goes_on() {
    stuck=
    [ -z "$file" ] || start_again "$file" || stuck=1
  }
  end() {
    status=$?
    trap - EXIT
    trap '' TERM INT HUP
    goes_on
    rm -rf -- "$work"
    [ -z "$proven" ] || rm -rf -- "$part" "$spool/.$name.json"
    [ -z "$stuck" ] || [ "$status" != 0 ] || status=1
    exit "$status"
  }
  trap end EXIT
  trap 'exit 143' TERM INT HUP
  how_they_are() { docker inspect --type container --format '{{.Id}} {{.State.Running}} {{.State.Paused}} {{.State.StartedAt}}' $ids; }
  hold() {
    ids=$(named "$file") || return
    for id in $ids; do
      is=$(docker inspect --type container --format '{{.State.Running}} {{.State.Paused}}' "$id") || return
      case $how$is in
        'stoptrue true') docker unpause "$id" >/dev/null || return ;;
        'pausetrue false') docker pause "$id" >/dev/null || return ;;
      esac
    done
    [ "$how" != stop ] || docker stop $ids >/dev/null || return
    held=$(how_they_are) || return
    case $how$held in
      stop*' true '*)
        echo "a container goes on running after docker stop" >&2
        return 1
        ;;
      pause*' true false '*)
        echo "a container goes on running after docker pause" >&2
        return 1
        ;;
    esac
  }
  (walk_to "$spool" own make) || no "nothing is archived into $spool: it must be plimsoll's own"
  proven=1
  rm -rf -- "$work" && mkdir -p -m 700 -- "$state" "$work" || no "$state cannot be written"
  rm -f -- "$spool/$archive" "$part" "$spool/.$name.json" && : >"$part" || no "$spool cannot be written"
  [ -z "$file" ] || hold || no "the containers could not all be held"
  enter "$from" "$identity" || exit 1
  from_is=$identity to='' to_is='' scratch=
  mode=$(stat -c %a .) owner=$(stat -c %u:%g .)
  entries=$(find . -xdev -mindepth 1 -printf x | wc -c) && sockets=$(find . -xdev -type s -printf x | wc -c) || exit 1
  allocated=$(du -sxB1 . | cut -f1) apparent=$(du -sxB1 --apparent-size . | cut -f1)
  rest=$apparent
  [ "$allocated" -ge "$rest" ] || rest=$allocated
  amount "$apparent" "$rest"
  pack() { case $packing in zstd) zstd -q -T0 -c ;; gzip) gzip -c ;; esac }
  codes=$({
    {
      measure="written archived rest"
      inside ro "$tar_text" 2>"$work/said"
      echo "tar $?" >&3
    } | aside unpacked wc -c |
      {
        pack
        echo "pack $?" >&3
      } | {
      seal "$@"
      echo "seal $?" >&3
    } | aside sum sha256sum | {
      cat >"$part"
      echo "write $?" >&3
    }
  } 3>&1)
  grep -v ': socket ignored$' "$work/said" | head -n 20 >&2
  has write || no "$part could not be written: is there room for it?"
  has sum && has 'to sum' || no "sha256sum has failed"
  has seal || no "$([ "$#" = 0 ] && echo cat || echo age) has failed"
  has pack && has unpacked && has 'to unpacked' || no "$packing has failed"
  changed=0
  if ! has tar; then
    [ "$how" = live ] && has tar 1 || no "tar has failed, or something was written to $from while it was read"
    changed=$(grep -c -e 'changed as we read it$' -e 'removed before we read it$' "$work/said")
  fi
  scratch=$work measure="read listed once"
  if [ -n "$list" ]; then inside ro "$content_list_text" "$from" >"$work/list" || no "$from could not be read whole"; else : >"$work/list"; fi
  [ -z "$file" ] || [ "$(how_they_are)" = "$held" ] || no "a container has been started or let go on while $from was archived"
  goes_on
  sync "$part" || no "$part could not be brought to its disk"
  sum=$(cut -d' ' -f1 "$work/sum") bytes=$(stat -c %s -- "$part") || exit 1
  amount "$bytes" "$bytes"
  measure="read reread once"
  digest() (
    noted
    exec sha256sum
  )
  [ "$bytes" -gt 0 ] && [ "$(digest <"$part" | cut -d' ' -f1)" = "$sum" ] || no "what was written to $part is not what comes back"
  inside=
  if [ "$#" = 0 ]; then
    codes=$codes$nl$({ members <"$part" >"$work/members"; } 3>&1)
  else
    has inside && has 'to inside' && has length && has 'to length' && has members && has 'to members' || no "the archive could not be read on its way to age"
    length=$(cat "$work/length")
    sealed "$part" "$length" "$#" || no "$part is not what age makes of $length bytes for $# keys"
    inside=$(printf '"inside":{"sha256":"%s","bytes":%s},' "$(cut -d' ' -f1 "$work/inside")" "$length")
  fi
  has unpack || no "$part cannot be unpacked"
  has list || no "$part is no whole archive"
  members=$(cat "$work/members")
  [ "$how" = live ] || [ "$members" = $((entries - sockets + 1)) ] || no "$part holds $members members, and $from had $((entries - sockets + 1))"
  listed=$(sed 's/^\([a-z]*\) \([0-9a-f]*\)$/"\1":"\2"/' "$work/list" | tr '\n' ',')
  printf '{%s,"created":"%s",%s"sha256":"%s","bytes":%s,"root":{"mode":"%s","owner":"%s"},"entries":%s,"allocatedBytes":%s,"apparentBytes":%s,"unpackedBytes":%s,"sockets":%s,"changed":%s,"list":{%s}}\n' "$known" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$inside" "$sum" "$bytes" "$mode" "$owner" "$entries" "$allocated" "$apparent" "$(($(cat "$work/unpacked")))" "$sockets" "$changed" "${listed%,}" >"$spool/.$name.json" || no "$spool cannot be written"
  chmod 600 "$part" "$spool/.$name.json" && mkdir -p -m 700 -- "$state/backups" && { grep -qFx -- "$place" "$state/backups/$name" 2>/dev/null || printf '%s\n' "$place" >>"$state/backups/$name"; } && sync "$spool/.$name.json" "$state/backups/$name" "$state/backups" || exit 1
  mv -f -- "$part" "$spool/$archive" && sync "$spool" && mv -f -- "$spool/.$name.json" "$spool/$name.json" && sync "$spool" || exit 1
  find "$state/backups" -maxdepth 1 -type f -mtime +30 -delete
}
back_up "$@" </dev/null
