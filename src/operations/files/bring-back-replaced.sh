# Arguments: as for put-file.sh.

# Brings $2 back, kept as $1, with mode $4 and owner $5.
file() {
  . ./put-file.sh
}
. ../../shell/write-beside.sh
file "$@" </dev/null
