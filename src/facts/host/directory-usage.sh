# What directories take on the disk. Arguments: how many seconds there are for all of them together, and paths.

end=$(($(date +%s) + $1)) index=0
shift
for directory; do
  left=$((end - $(date +%s)))
  [ "$left" -le 0 ] || printf 'used %s %s\n' "$index" "$(timeout "$left" nice -n 19 du -sxB1 -- "$directory" 2>/dev/null | tail -n 1 | cut -f1)"
  index=$((index + 1))
done
