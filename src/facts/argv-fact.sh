directory=$1 input=$2; shift 2
. ./argv-run.sh
