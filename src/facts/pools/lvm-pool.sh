# A thin pool that LVM owns, and its volume group. Arguments: the group, and the pool's name in it.
# shellcheck disable=SC2154 # named by whoever renders it: no_binary

command -v lvs >/dev/null 2>&1 || exit $no_binary
line=$(lvs --noheadings --nosuffix --units b --separator '|' -o lv_attr,lv_size,lv_metadata_size,seg_monitor,lv_profile -- "$1/$2") || exit 3
printf 'pool %s\n' "${line#"${line%%[! ]*}"}"
printf 'group %s\n' "$(vgs --noheadings --nosuffix --units b --separator '|' -o vg_free,vg_extent_size -- "$1")"
lvs -a --noheadings --nosuffix --units b --separator '|' -o lv_name,lv_size -- "$1" | sed -n 's/^ *\[[^|]*_pmspare\]|/spare /p'
profile=${line##*|}
lvmconfig --type full ${profile:+--metadataprofile "$profile"} activation/thin_pool_autoextend_threshold activation/thin_pool_autoextend_percent 2>/dev/null
exit 0
