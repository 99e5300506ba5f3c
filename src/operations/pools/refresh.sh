# What lvextend has left suspended when it was ended. Arguments: the pool, and LVM's name of it.

case $(dmsetup info "$1" | sed -n 's/^State: *//p') in ACTIVE*) exit 0 ;; esac
lvchange --refresh -- "$2"
case $(dmsetup info "$1" | sed -n 's/^State: *//p') in ACTIVE*) exit 0 ;; esac
exit 1
