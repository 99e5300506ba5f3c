# Which entries a container's environment has already: `yes` or `no` for each. They are compared here: what it has is
# not printed. Arguments: the id, then each entry as a JSON string.

id=$1
shift
own=$(docker inspect --type container --format '{{range index .Config "Env"}}has {{json .}}
{{end}}' -- "$id") || exit 1
{
  printf '%s\n' "$own"
  for entry; do printf 'want %s\n' "$entry"; done
} | LC_ALL=C awk '
  { rest = substr($0, 6) }
  /^has / { has[substr($0, 5)] = 1 }
  /^want / { print ((rest in has) ? "yes" : "no") }'
