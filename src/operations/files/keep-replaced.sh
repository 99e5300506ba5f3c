# Arguments: a file, where its content is kept, and the content's digest.

# Keeps what $1 holds as $2, until the change is finalized.
file() {
  (beside_in "$2" "" make) && read_beside "$1" | write_beside "$2" 0600 "" "$3"
}
. ../../shell/write-beside.sh
file "$@" </dev/null
