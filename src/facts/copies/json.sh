# `json TEXT` prints a string as JSON has it, without control characters, which no path of ours holds.

json() { printf %s "$1" | sed 's/[\\"]/\\&/g'; }
