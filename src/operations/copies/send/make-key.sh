# Arguments: the directory of the key, the copy, the host key of its destination. By the name plimsoll-destination
# that is looked up: not by an address, which another host may have some day.

# Makes the key for one copy in $1, and what its connection needs: $2 names the copy, $3 is the destination's host key.
directory=$1
rsh=$(cat ./rsh.sh)
umask 077
rm -rf -- "$directory" && mkdir -p -- "$directory" && chmod 700 -- "$directory" "${directory%/*}" || exit 1
ssh-keygen -q -t ed25519 -N '' -C "plimsoll-copy-$2" -f "$directory/key" </dev/null || exit 1
printf '%s %s\n' plimsoll-destination "$3" >"$directory/known_hosts" && printf '%s\n' "$rsh" >"$directory/rsh"
