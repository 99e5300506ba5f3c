# Arguments: as for put-file.sh; the first is empty.

# Gives $2 mode $4 and owner $5.
file() {
  . ./put-file.sh
}
. ../../shell/write-beside.sh
file "$@" </dev/null
