# What a thin pool lies on. Arguments: the pool's device-mapper name, and its loop files, if Docker names any: then LVM
# is not asked.

pool=$1
shift
for file; do printf 'file %s\n' "$(stat -c '%s %b %B' -- "$file" 2>/dev/null)"; done
[ "$#" -eq 0 ] && command -v lvs >/dev/null 2>&1 || exit 0
line=$(lvs --noheadings --nosuffix --units b --separator '|' -o lv_name,vg_name,lv_size,lv_metadata_size,data_percent,metadata_percent,vg_free,lv_profile,seg_monitor "/dev/mapper/$pool" 2>/dev/null) || exit 0
printf 'pool %s\n' "$line"
profile=$(printf '%s' "$line" | cut -d'|' -f8)
lvmconfig --type full ${profile:+--metadataprofile "$profile"} activation/thin_pool_autoextend_threshold activation/thin_pool_autoextend_percent 2>/dev/null
exit 0
