# Docker is made to mount it by `docker cp` from a container that is never started.
# Arguments: the volume, its directory, the label of that container.

# Has Docker mount volume $1 once, so that it sets the quota of $2.
{
  name=$1 directory=$2 label=$3
  . ../../shell/no.sh
  project() { xfs_io -r -c stat "$directory" | sed -n 's/^fsxattr.projid = //p'; }
  clear_away() {
    left=0
    for id in $(docker ps -aq --no-trunc --filter "label=$label=$name"); do
      image=$(docker inspect --type container --format '{{.Image}}' "$id")
      docker rm -f "$id" >/dev/null || left=1
    done
    [ -z "${image-}" ] || docker rmi "$image" >/dev/null
    image=
    return "$left"
  }
  [ -z "$(ls -A -- "$directory")" ] || no "$name holds something before its quota is in force: it would never be counted"
  trap clear_away EXIT
  clear_away
  image=$(head -c 10240 /dev/zero | docker import -) || exit 1
  id=$(docker create --network none --label "$label=$name" --mount "type=volume,src=$name,dst=/v,volume-nocopy" "$image" /v) || exit 1
  docker cp "$id:/v" - >/dev/null || no "Docker could not mount $name"
  case $(project) in '' | 0) no "Docker has mounted $name without setting its quota: was this name used before, while the daemon ran (moby#43891)?" ;; esac
  trap - EXIT
  clear_away || no "the container that had Docker mount $name could not be removed: docker ps -a --filter label=$label=$name"
} </dev/null
