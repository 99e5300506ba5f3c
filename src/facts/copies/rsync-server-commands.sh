# What this host's rsync asks its other end to run, for each of several sets of options. Arguments: the sets, their
# words separated by spaces.

set -f
for options; do
  # Instead of reaching a host, its remote shell says what it was to run there.
  rsync $options --rsh="/bin/sh -c 'shift; echo \"\$*\" >&2' sh" / to:./ 2>&1 </dev/null | grep '^rsync --server ' | head -n 1
done
