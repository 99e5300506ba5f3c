# What a host is as one on which backups are made and restored.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
id=$(head -c 8 /etc/machine-id 2>/dev/null)
node=$(uname -n)
printf 'now %s\nnode %s\nlabel %s\nstate %s\n' "$(date -u +%Y%m%dT%H%M%SZ)" "$node" "$node${id:+-$id}" "$state"
for tool in zstd gzip age; do command -v "$tool" >/dev/null 2>&1 && printf 'packs %s\n' "$tool"; done
for at in "$state"/backups/*; do
  [ ! -f "$at" ] || if [ -s "$at" ]; then sed "s|^|made ${at##*/} |" "$at"; else printf 'made %s\n' "${at##*/}"; fi
done
for at in "$state"/restored/*; do [ ! -f "$at" ] || printf 'restored %s %s\n' "${at##*/}" "$(head -n 1 -- "$at")"; done
echo end
