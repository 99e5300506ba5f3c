# A file has what $1 holds, with mode $4 and owner $5.
# Arguments: where its content was kept, or nothing; the file; the content's digest; mode; owner.
# Content that is what it is to be needs no copy; any other does, and without one (it was finalized) this must fail. The
# file itself gets neither owner nor mode while others may exchange it: a copy of it does, and takes its place.

if [ -z "$1" ] || [ "$(read_beside "$2" 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$3" ]; then set -- "$2" "$2" "$3" "$4" "$5"; fi
read_beside "$1" | write_beside "$2" "$4" "$5" "$3"
