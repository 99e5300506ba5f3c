case $(dmsetup info "$1" | sed -n 's/^State: *//p') in ACTIVE*) exit 0 ;; esac
lvchange --refresh -- "$2"
case $(dmsetup info "$1" | sed -n 's/^State: *//p') in ACTIVE*) exit 0 ;; esac
exit 1
