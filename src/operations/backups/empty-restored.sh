# Empties the volume again, if nobody uses it and nothing has been written to it since it was restored.
# Arguments: the volume, its directory, and the archive that was brought for it, or nothing.

# Empties $2, if it is as it was restored.
unrestore() {
  . ../../facts/copies/enter.sh
  . ../copies/unused.sh
  . ../volumes/left.sh
  volume=$1 directory=$2 spooled=$3
  . ./mark.sh
  . ../../shell/no.sh
  rm -rf -- "$state/restoring"
  [ -z "$spooled" ] || rm -f -- "$spooled" "${spooled%/*}/.${spooled##*/}.part"
  [ -f "$state/restored/$volume" ] || exit 0
  if [ -d "$directory" ]; then
    unused "$directory" && enter "$directory" '' || exit 1
    case $(cat -- "$state/restored/$volume") in
      done*) [ -f "$left/$volume" ] && [ "$(left_state .)" = "$(cat -- "$left/$volume")" ] || no "$volume is kept: something has written to it since it was restored" ;;
    esac
    find . -xdev -mindepth 1 -delete || exit 1
  fi
  rm -f -- "$left/$volume" "$state/restored/$volume"
}
unrestore "$@" </dev/null
