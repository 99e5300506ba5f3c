# Runs a program in a directory, with a text on its standard input; either may be empty.

[ -z "$directory" ] || cd -- "$directory" || exit 126
[ -n "$input" ] || exec "$@"
printf '%s' "$input" | "$@"
