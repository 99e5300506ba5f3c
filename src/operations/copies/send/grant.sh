# Lets the key of a source in, for one copy. Standard input: the public key.
# Arguments: a ticket, copy, user, their file, address of the source, how the user becomes root, whether sshd knows
# expiry-time; then what gate.sh takes, without the time.
# shellcheck disable=SC2154 # named by whoever renders it: environment
# shellcheck disable=SC2174 # only the last directory is ours

state=${PLIMSOLL_STATE:-/var/lib/plimsoll} word=$1 id=$2 user=$3 keys=$4 address=$5 prefix=$6 expires=$7
shift 7
. ./keys.sh
. ./ticket.sh
gate=$(cat ./gate.sh)
revoke=$(cat ./revoke.sh)
IFS=' ' read -r type key rest || :
case $type in ssh-ed25519) ;; *) no "that is no public key of the kind that was made" ;; esac
case $key in '' | *[!A-Za-z0-9+/=]*) no "that is no public key" ;; esac
# Whatever has asked for it: what stands here is read by sshd as a pattern, and ends at a quotation mark.
case $address in '' | *[!0-9A-Fa-f.:]*) no "that is no address: $address" ;; esac
case $id in '' | *[!0-9a-f]*) no "that is no name of a copy: $id" ;; esac
directory=$state/receiving/$id
case $directory in *[!A-Za-z0-9/._-]*) no "plimsoll's own directory has a name that cannot stand in $keys: $directory" ;; esac
use_ticket "$word"
mkdir -p -m 700 -- "$directory" || exit 1
alone
word() { printf " '%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
until=$(($(date +%s) + 93600))
{
  printf 'asked=$1\nset --'
  word "$1"
  word "$2"
  word "$until"
  shift 2
  for each; do word "$each"; done
  printf '\n%s\n%s\n' "$environment" "$gate"
} >"$directory/gate" || exit 1
{
  printf 'set --'
  word "$id"
  word "$user"
  word "$keys"
  printf '\nPLIMSOLL_STATE='
  word "$state" | cut -c2-
  printf '%s\n\n' "$revoke"
} >"$directory/revoke" || exit 1
sync -- "$directory/gate" "$directory/revoke" "$directory"
at=${keys%/*}
[ -d "$at" ] || { mkdir -m 700 -- "$at" && own "$at" && : >"$directory/made-directory"; } || no "$at could not be made"
[ -e "$keys" ] || : >"$directory/made"
{
  others_lines
  printf 'restrict,from="%s",' "$address"
  [ -z "$expires" ] || printf 'expiry-time="%s",' "$(date -d "@$until" +%Y%m%d%H%M%S)"
  printf 'command="%s/bin/sh %s/gate \\"$SSH_ORIGINAL_COMMAND\\"" ssh-ed25519 %s plimsoll-copy-%s\n' "$prefix" "$directory" "$key" "$id"
} | replace
