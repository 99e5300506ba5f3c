# How a container was that Compose makes, or has made, anew. Argument: its id.

cd -- "${PLIMSOLL_STATE:-/var/lib/plimsoll}" && {
  [ ! -f "composing/$1/spec" ] || exec cat -- "composing/$1/spec"
  exec cat -- "composed/$1/spec"
}
