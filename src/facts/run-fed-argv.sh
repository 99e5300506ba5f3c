# The same as run-argv.sh for a program with a feed: what comes on standard input exports its environment, and sets
# `input` where that is a secret.

directory=$1 input=$2
shift 2
eval "$(cat)" || exit 126
. ./argv.sh
