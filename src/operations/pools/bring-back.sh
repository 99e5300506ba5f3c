# Argument: the record of what ran. The daemon answers and all of it runs: then it is forgotten. Without a record there
# is nothing to do. It is not ended half way.

# Starts the Docker daemon and the containers that $1 names, and forgets them when they run.
trap '' TERM INT HUP
[ -f "$1" ] || exit 0
. ../copies/stopped.sh
. ./daemon-runs.sh
start_all "$1" || exit 1
for id in $(named "$1"); do
  is=$(look "$id" 2>/dev/null) || continue
  case $is in
    *' true '*) ;;
    *)
      echo "container $id was started again, and has ended: docker logs $id" >&2
      exit 1
      ;;
  esac
done
rm -f -- "$1"
