[ -z "$directory" ] || cd -- "$directory" || exit 126
[ -n "$input" ] || exec "$@"
printf '%s' "$input" | "$@"
