# A host as the destination of a copy that another host pushes to it. Arguments: the user, the copy's name.

user=$1 id=$2
home=$(getent passwd "$user" | cut -d: -f6)
# The first of the files that sshd looks at, as it is configured; its usual one where it does not say.
keys=$(sshd -T -C "user=$user,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" 2>/dev/null | sed -n 's/^authorizedkeysfile //p' | cut -d' ' -f1)
keys=$(printf %s "${keys:-.ssh/authorized_keys}" | sed "s|%h|$home|g; s|%u|$user|g; s|%%|%|g")
case $keys in none) keys= ;; /*) ;; *) keys=$home/$keys ;; esac
printf 'keys %s\n' "$keys"
trouble=
loose() {
  case $(stat -c %A -- "$1") in ?????w???? | ????????w?) return 0 ;; esac
  return 1
}
at=${keys%/*}
[ -n "$home" ] && [ -d "$home" ] || trouble="the user has no home directory"
for each in "$at" "$keys"; do
  [ ! -L "$each" ] || trouble="$each is a symbolic link"
  [ ! -e "$each" ] || ! loose "$each" || trouble="others may write to $each"
done
[ ! -e "$keys" ] || [ -f "$keys" ] || trouble="$keys is no file"
printf 'trouble %s\n' "$trouble"
if [ "$(id -u "$user")" = 0 ] || runuser -u "$user" -- sudo -n true >/dev/null 2>&1 </dev/null; then echo privileged; fi
receiving=${PLIMSOLL_STATE:-/var/lib/plimsoll}/receiving/$id
if [ -e "$receiving" ] || [ -e "$receiving.ticket" ] || grep -q " plimsoll-copy-$id\$" "$keys" 2>/dev/null; then echo left; fi
echo end
