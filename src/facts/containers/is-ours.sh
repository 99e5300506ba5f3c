# A function: whether the override file of a Compose project is one of ours and nobody has changed it.
# shellcheck disable=SC2154 # named by whoever renders it: override_seal

is_ours() { # FILE MARKER
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -n 1 -- "$1")" = "$2" ] && [ "$(tail -n 1 -- "$1")" = "$override_seal$(sed '$d' <"$1" | sha256sum | cut -c 1-64)" ]
}
