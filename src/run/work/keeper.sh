# Runs a piece of work, and keeps what it prints and how it ends. Arguments: its directory, and whether there are
# secrets: they come by standard input, and reach the script on descriptor 3, so that they are in no file.
# Descriptor 7 keeps others from beginning the same until `alive` is there, 8 is `alive`, 9 the host's lock: what is run
# gets neither of them. The script is begun once it is on the disk that it has been. 6 is locked by those who keep what
# is printed until they have kept all of it; what the script leaves running keeps its output open: that is not waited
# for long.
# shellcheck disable=SC2154 # named by whoever renders or sources it: kept_blocks
# shellcheck disable=SC3045 # dash, bash and BusyBox have ulimit -c

d=$1
trap '' HUP INT TERM
keep() {
  exec <"$d/$1" 8>&- 9>&-
  ( ulimit -c 0; ulimit -f $kept_blocks; exec cat >"$d/$2" ) 2>/dev/null
  exec cat >/dev/null
}
exec 6<"$d/.kept" && flock -n 6 && printf '%10d\n' "$$" 1<>"$d/pid" && mv -f "$d/.alive" "$d/alive" && sync "$d" || exit 1
exec 7>&-
keep .o out &
keep .e err &
exec 6>&-
trap : HUP INT TERM
if [ -n "$2" ]; then /bin/sh "$d/script" 3<&0 </dev/null >"$d/.o" 2>"$d/.e" 8>&-; else /bin/sh "$d/script" </dev/null >"$d/.o" 2>"$d/.e" 8>&-; fi
s=$?
trap '' HUP INT TERM
flock -w 5 "$d/.kept" true
printf '%3d\n' "$s" 1<>"$d/.status" && sync "$d/.status"
mv -f "$d/.status" "$d/status" && sync "$d"
rm -f "$d/.o" "$d/.e" "$d/.kept"
