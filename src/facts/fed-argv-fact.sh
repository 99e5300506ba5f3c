directory=$1 input=$2; shift 2
eval "$(cat)" || exit 126
. ./argv-run.sh
