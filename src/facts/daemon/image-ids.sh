# Which image each name or id of one means now. Arguments: the names.

for name; do
  if said=$(docker image inspect --format '{{.Id}}' -- "$name" 2>&1); then
    printf '%s\n' "$said"
    continue
  fi
  case $said in
    *[Nn]'o such image'*) echo - ;;
    *)
      printf '%s\n' "$said" >&2
      exit 1
      ;;
  esac
done
