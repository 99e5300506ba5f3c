# Argument: the directory. `holds_only_copy` is given.

. ./unused.sh
unused "$1" && holds_only_copy
