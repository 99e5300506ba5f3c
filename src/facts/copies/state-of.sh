# `state_of DIRECTORY` prints when anything in it was changed last, its own names and everything below it.

state_of() { find "$1" -maxdepth 0 -printf '%T@ ' && find "$1" -xdev -mindepth 1 -printf '%C@\n' | LC_ALL=C sort -n | tail -n 1; }
