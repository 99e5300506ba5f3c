. ./strangers.sh
strangers "$1" "$2"
