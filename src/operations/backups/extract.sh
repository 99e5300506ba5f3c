# Checks the archive (of one that is encrypted also what is in it, before anything is written), extracts it into the
# volume's directory, which is emptied first of what an attempt that was cut has left, and compares what is there with
# what the manifest says. `$state/restored/VOLUME` says from before the first byte that it has begun, and at the end
# that it is whole.
# Arguments: the archive; the volume's directory; the volume; the backup's name, its compression, its archive's digest;
# how many entries are to be there, or nothing; what is removed once it has been extracted, or nothing; the file with
# the key, or nothing; the digest of what is encrypted, or nothing; the most bytes that it unpacks to, and that its
# files have; and then each part of its content list, with its digest.
# shellcheck disable=SC2154 # `enter` sets it: is
# shellcheck disable=SC2034 # for what it sources: measure
# shellcheck disable=SC2174 # only the last directory is ours

# Extracts $1 into $2, and proves that it is what was backed up.
restore() {
  . ../../facts/copies/inside.sh
  . ./stage.sh
  . ./open.sh
  . ../copies/unused.sh
  tar_text=$(cat ./tar-in.sh)
  content_list_text=$(cat ./content-list.sh)
  archive=$1 directory=$2 volume=$3 name=$4 packing=$5 sum=$6 entries=$7 removes=$8 identity=$9
  shift 9
  inside=$1 limit=$2 apparent=$3
  shift 3
  . ./mark.sh
  work=$state/restoring
  remember_left() (
    . ../volumes/remember-left.sh
  )
  . ../../shell/no.sh
  trap 'rm -rf -- "$work"' EXIT
  trap 'exit 143' TERM INT HUP
  rm -rf -- "$work" && mkdir -p -m 700 -- "$state" "$work" || no "$state cannot be written"
  [ "$(sha256sum <"$archive" | cut -d' ' -f1)" = "$sum" ] || no "$archive is not what its manifest says: its checksum differs"
  [ -z "$identity" ] || opens
  unused "$directory" || exit 1
  # Docker has made it in a directory of its own, where only root can put another one in its place; it stays this one.
  enter "$directory" '' || exit 1
  from='' from_is='' to=$directory to_is=${is%:*} scratch=$work
  case $(cat -- "$state/restored/$volume" 2>/dev/null) in
    "begun $name") find . -xdev -mindepth 1 -delete || no "$directory could not be emptied of what an earlier attempt has left" ;;
    *) [ -z "$(ls -A .)" ] || no "$directory is not empty" ;;
  esac
  mark "begun $name" || no "$state cannot be written"
  amount "$limit" "$limit"
  codes=$({
    {
      opened
      echo "open $?" >&3
    } | {
      unpack
      echo "unpack $?" >&3
    } | {
      head -c "$limit"
      [ "$(head -c 1 | wc -c)" -eq 0 ] || echo "beyond 0" >&3
    } | {
      measure="read restored once"
      inside rw "$tar_text"
      echo "tar $?" >&3
    }
  } 3>&1)
  ! has beyond || no "$archive unpacks to more than the $limit bytes that its manifest allows for: the rest was left out, and $directory is not to be used"
  has unpack || no "$archive could not be unpacked"
  has open || no "$archive could not be read to its end"
  has tar || no "tar could not extract all of $archive: is there room for it?"
  sync -f . || no "what was restored could not be brought to its disk"
  if [ -n "$entries" ]; then
    found=$(find . -xdev -mindepth 1 -printf x | wc -c)
    [ "$found" = "$entries" ] || no "$directory holds $found entries, and $entries were backed up"
    # Holes take no room, but are read all the same.
    found=$(du -sxB1 --apparent-size . | cut -f1)
    amount "$found" "$found"
    [ "$found" -le "$apparent" ] || no "the files in $directory are $found bytes long together, more than what was backed up"
  fi
  if [ "$#" -gt 0 ]; then
    measure="read compared once"
    inside ro "$content_list_text" "$directory" >"$work/list" || no "$directory could not be read whole"
    for part; do
      grep -q "^${part%% *} " "$work/list" || {
        echo "${part%% *} cannot be compared: the host has no tool for them"
        continue
      }
      grep -Fqx -e "$part" "$work/list" || no "what was restored is not what was backed up: ${part%% *} differ"
    done
  fi
  unused "$directory" && remember_left "$volume" "$directory" && mark "done $name" || exit 1
  [ -z "$removes" ] || rm -f -- "$removes"
}
restore "$@" </dev/null
