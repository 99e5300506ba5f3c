# What Compose makes of a container that it has made. Arguments: name, image, project, service, directory, hash,
# version, the override's path and marker, `plain` or nothing, and then the options that name the files.
# shellcheck disable=SC2034 # for what it sources: made, name

name=$1 image=$2 project=$3 service=$4 directory=$5 made=$6 version=$7 override=$8 marker=$9
shift 9
plain=$1
shift
. ./compose.sh
. ./is-ours.sh
find_compose "$version" && echo "tool $release $tool"
[ -d "$directory" ] && echo directory
previous=
for word; do
  case $previous in -f | --env-file) [ -f "$word" ] && [ -r "$word" ] || printf 'missing %s\n' "$word" ;; esac
  previous=$word
done
if [ ! -e "$override" ] && [ ! -L "$override" ]; then echo override absent; elif is_ours "$override" "$marker"; then echo override ours; else echo override other; fi
docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" --filter label=com.docker.compose.oneoff=False | sed 's/^/replica /'
case $release in
  1.*) DOCKER_API_VERSION=1.38 docker image inspect -- "$image" | grep -q '"ContainerConfig"' && echo suits ;;
  *) echo suits ;;
esac
if [ -n "$tool" ] && [ -d "$directory" ]; then
  if said=$(would "$@" 2>&1); then printf '%s\n' "$said" | sed 's/^/would /'; else printf '%s\n' "$said" | sed 's/^/complaint /'; fi
  [ -z "$plain" ] || { would 2>/dev/null || echo unknown; } | sed 's/^/plain /'
fi
echo end
