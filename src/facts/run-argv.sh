# A program of the playbook. Arguments: the working directory (empty: wherever the shell is), the text for standard
# input, then the program and its arguments.

directory=$1 input=$2
shift 2
. ./argv.sh
