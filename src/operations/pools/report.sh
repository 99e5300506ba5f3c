# What the kernel itself says of a pool's size: its mode, then blocks of metadata and of data. Argument: the pool.
# shellcheck disable=SC2046 # the words of what is printed are wanted

set -- $(dmsetup status --noflush "$1")
metadata=${5#*/} data=${6#*/}
for word in "$@"; do
  case $word in rw | ro | out_of_data_space | needs_check) mode="${mode-}${mode:+ }$word" ;; esac
done
printf '%s %s %s\n' "${mode-unknown}" "$metadata" "$data"
