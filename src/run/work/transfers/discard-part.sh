# Argument: the path.

. ./part.sh
at_place && rm -f "$part"
