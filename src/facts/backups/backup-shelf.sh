# The backups in a directory. Arguments: the directory, and what the names of the backups begin with.
# shellcheck disable=SC2154 # named by whoever renders or sources it: longest_manifest, longest_seal

at=$1
while [ ! -e "$at" ]; do at=$(dirname -- "$at"); done
printf 'free %s\n' "$(df -B1 --output=avail -- "$at" | tail -n 1)"
[ -d "$1" ] || {
  [ ! -e "$1" ] && echo missing && echo end
  exit
}
for file in "$1/$2"*.json; do
  [ -f "$file" ] || continue
  base=${file%.json}
  bytes=0 sealed=0
  for packed in "$base.tar.zst" "$base.tar.gz"; do
    [ ! -f "$packed" ] || bytes=$(stat -c %s -- "$packed")
    [ ! -f "$packed.age" ] || sealed=$(stat -c %s -- "$packed.age")
  done
  printf '%s %s %s\n%s\n' "$bytes" "$sealed" "${base##*/}" "$(head -c $longest_manifest -- "$file" | tr '\n' ' ')"
  if [ -f "$base.seal" ]; then head -c $longest_seal -- "$base.seal" | tr '\n' ' '; fi
  echo
done
echo end
