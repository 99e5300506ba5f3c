# `aside NAME COMMAND…` passes its input on, and gives it to the command too, whose output is kept. `members` reads a
# packed archive to its end and counts.
# `seal RECIPIENT…` encrypts, and proves the archive on its way, so that it is never on a disk in the clear: its digest,
# its size, that it can be unpacked to its end, and its members. Without recipients it passes on.
# shellcheck disable=SC2154 # of whoever sources it: work

aside() {
  aside=$1
  shift
  {
    {
      tee /dev/fd/4
      echo "to $aside $?" >&3
    } | {
      "$@" >"$work/$aside" 4>&-
      echo "$aside $?" >&3
    }
  } 4>&1
}
members() {
  {
    unpack
    echo "unpack $?" >&3
  } | {
    tar -tf -
    echo "list $?" >&3
  } | wc -l
}
seal() {
  [ "$#" -gt 0 ] || {
    cat
    return
  }
  for recipient; do
    shift
    set -- "$@" -r "$recipient"
  done
  aside inside sha256sum | aside length wc -c | aside members members | age "$@"
}
