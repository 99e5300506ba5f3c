# Prints how many bytes of the part are there. Argument: the path.

. ./part.sh
[ -d "${path%/*}/" ] || {
  echo 0
  exit
}
at_place && only_ours || exit 1
[ -e "$part" ] || {
  echo 0
  exit
}
stat -c %s "$part"
