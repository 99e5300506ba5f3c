# What df says of each path. Arguments: paths.

for path; do
  printf 'df %s\n' "$(timeout 10 df -B1 --output=source,fstype,itotal,iavail,size,used,avail,target -- "$path" 2>/dev/null | tail -n +2 | tail -n 1)"
done
