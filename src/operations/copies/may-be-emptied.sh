# Arguments: the directory; `unasked`, where Docker was not there to say who uses it when the copy was planned.
# `holds_only_copy` is given.

. ./unused.sh
{ [ "$2" = unasked ] || unused "$1"; } && holds_only_copy
