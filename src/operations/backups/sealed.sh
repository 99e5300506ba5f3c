# `sealed FILE LENGTH RECIPIENTS`: whether it is what age makes of so many bytes. Its format says how long that is: the
# header, which ends with its line `---`, a nonce of 16 bytes, and 16 more for each 64 KiB that have begun.

sealed() {
  [ "$(head -c 22 -- "$1" | tr -d '\0')" = age-encryption.org/v1 ] || return
  mac=$(LC_ALL=C grep -abm1 -e '^--- [A-Za-z0-9+/]\{43\}$' -- "$1") || return
  header=$((${mac%%:*} + 48))
  [ "$(head -c "$header" -- "$1" | grep -c '^-> ')" -ge "$3" ] && [ "$(stat -c %s -- "$1")" = $((header + 16 + $2 + ($2 + 65535) / 65536 * 16)) ]
}
