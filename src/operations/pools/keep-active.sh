# After whatever has been tried with a pool's table: nothing stays loaded without being live, and the pool is active,
# with the table that it has, the old one, or the new one. Arguments: the pool, and these two.
# A resume that fails has dropped the loaded table and leaves the pool suspended: another resume makes the live one work
# again. It fails only where the live table itself is one that cannot be.
# shellcheck disable=SC2034 # for whoever sources it: try

pool=$1 old=$2 new=$3
loaded() { [ -n "$(dmsetup table --inactive "$pool" 2>/dev/null | tr -d ' \n')" ]; }
state() { dmsetup info "$pool" 2>/dev/null | sed -n 's/^State: *//p'; }
active() { case $(state) in ACTIVE*) ! loaded ;; *) return 1 ;; esac }
suspended() { case $(state) in SUSPENDED*) ;; *) return 1 ;; esac }
for try in 1 2 3 4 5 6 7 8 9 10; do
  active && exit 0
  dmsetup clear "$pool"
  dmsetup resume "$pool"
  for table in "$old" "$new"; do
    suspended || break
    dmsetup load "$pool" --table "$table" && dmsetup resume "$pool"
  done
  active && exit 0
  sleep 1
done
echo "the pool $pool could not be made active: dmsetup resume $pool" >&2
exit 1
