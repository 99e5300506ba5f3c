# Arguments: from, to. Prints what strangers.sh prints.

. ./strangers.sh
strangers "$1" "$2"
