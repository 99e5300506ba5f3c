# Every mapped device. The long form of `dmsetup info` is the only one that says DEFERRED REMOVE, and every version has
# it. `--noflush`: without it, reading a thin pool's status commits the pool's metadata.
# shellcheck disable=SC2154 # named by whoever renders or sources it: no_binary

command -v dmsetup >/dev/null 2>&1 || exit $no_binary
section() {
  name=$1
  shift
  dmsetup "$@"
  echo "--$name $?--"
}
section info info
section table table
section inactive table --inactive
section status status --noflush
