# Removes what was made and has not become a backup; a complete one stays, unless it was only on its way.
# Arguments: where the archive was made; the backup's name; its archive's name; whether it was on its way, or nothing;
# where it was to be kept.

# Forgets that backup $2 was made.
{
  [ -z "$4" ] || [ ! -e "$1/$2.json" ] || rm -f -- "$1/$2.json"
  [ -e "$1/$2.json" ] || rm -f -- "$1/$3" "$1/$2.seal"
  state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
  rm -f -- "$1/.$3.part" "$1/.$2.json" && rm -rf -- "$state/backing-up" || exit 1
  # The same may have been made for another place.
  made=$state/backups/$2 left=
  [ ! -s "$made" ] || left=$(grep -vFx -- "$5" "$made")
  if [ -n "$left" ]; then printf '%s\n' "$left" >"$state/.made" && sync "$state/.made" && mv -f -- "$state/.made" "$made"; else rm -f -- "$made"; fi
} </dev/null
