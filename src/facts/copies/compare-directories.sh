# Runs compare.sh with a directory for what it notes. Arguments: those, then from and to, each with which one it is.

. ./inside.sh
compare_text=$(cat ./compare.sh)
from=$4 from_is=$5 to=$6 to_is=$7
scratch=$(mktemp -d) || exit 1
trap 'rm -rf -- "$scratch"' EXIT
trap 'exit 143' TERM INT HUP
inside ro "$compare_text" "$1" "$2" "$3"
