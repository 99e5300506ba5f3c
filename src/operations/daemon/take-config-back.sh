# Arguments: the file, and the copy of the old one, or an empty text where there was none. Standard input: what was
# written.
# May be run again; what somebody else has written since is not touched.

. ../../shell/write-beside.sh
file=$1 backup=$2
written=$(cat && echo .) now=$(cat -- "$file" 2>/dev/null && echo .)
if [ "$now" != "$written" ]; then
  [ -e "$file" ] || exit 0
  if [ -n "$backup" ]; then [ ! -f "$backup" ] || cmp -s -- "$backup" "$file"; else false; fi && exit 0
  echo "$file has been changed since" >&2
  exit 1
fi
if [ -z "$backup" ]; then
  rm -f -- "$file"
  rmdir -- "${file%/*}" 2>/dev/null || sync "${file%/*}"
  exit
fi
read_beside "$backup" | write_beside "$file" "$(stat -c %a -- "$backup")" "$(stat -c %u:%g -- "$backup")" "$(sha256sum <"$backup" | cut -d' ' -f1)"
