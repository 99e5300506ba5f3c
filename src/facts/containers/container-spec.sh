# All that Docker knows of containers, and of their images, and what was written to their layers. Arguments: their ids. Of
# each there is a part, which begins with `for ID` and ends with `end`; of one that could not be read there is none, or it
# has no end. Values go through pipes only, and are compared here: what is printed says `inherited` where the image has the
# same.
# At most API 1.51: later ones leave Config.MacAddress out.
# shellcheck disable=SC2154 # named by whoever renders it: container_template, image_template

command -v docker >/dev/null 2>&1 || {
  echo 'there is no docker command' >&2
  exit 1
}
api=$(docker version --format '{{.Server.APIVersion}}') || exit 1
case $api in 1.[0-9] | 1.[1-4][0-9] | 1.5[01]) ;; *) api=1.51 ;; esac
export DOCKER_API_VERSION="$api"
. ./layer-writes.sh
# An image that is not there is no error; anything else is.
describe_image() {
  why=$(docker image inspect --format "$image_template" -- "$id" "$name" 2>&1 >&3) && return
  case $why in
    *'o such image'* | *'o such object'*) ;;
    *)
      printf '%s\n' "$why" >&2
      return 1
      ;;
  esac
}
# Most containers have the image of the one before.
described_as=
describe() {
  echo "api $api"
  images=$(printf '%s\n' "$own" | sed -n 's/^at //p')
  [ "$images" = "$described_as" ] || {
    id=${images%% *} name=${images#* }
    described=$(describe_image 3>&1) || return 1
    described_as=$images
  }
  printf '%s\n%s\n' "$own" "$described" | LC_ALL=C awk '
  { word = $1; rest = substr($0, length(word) + 2) }
  word == "at" { image = $2; next }
  word == "image" { same = $2 == image; print (same && !printed++ ? "image" : "imageNow"), $2; if (same && images++) print "imageNow", $2; next }
  word == "imageConfig" { if (same && !configs++) print; next }
  word == "gives" { if (same) given[rest] = 1; next }
  word == "its" { if (same) { key = $2; its[key] = substr(rest, length(key) + 2) } next }
  word == "own" { key = $2; own[key] = substr(rest, length(key) + 2); keys[++n] = key; next }
  word == "has" { has[++m] = rest; next }
  word == "mounted" || word == "path" { next }
  { print }
  END {
    for (i = 1; i <= n; i++) print "hidden", keys[i], (own[keys[i]] == "null" || own[keys[i]] == "[]") ? "unset" : "set", (keys[i] in its) && its[keys[i]] == own[keys[i]] ? "inherited" : "own"
    for (i = 1; i <= m; i++) {
      name = has[i]; equals = index(name, "=")
      # Without a value: Docker does not set it, whatever the image says.
      if (!equals) continue
      name = substr(name, 1, equals - 1) "\""
      print "env", (has[i] in given) ? "inherited" : "own", name
    }
  }'
  . ./desired-macs.sh
  written=$(printf '%s\n' "$own" | layer_writes "$1") || return 1
  [ -z "$written" ] || printf '%s\n' "$written"
  # What the layer has in all costs the reading of it, so it is asked for only where it is said.
  case $written in *passing*) docker inspect --type container --size --format 'layerBytes {{.SizeRw}}' -- "$1" || return 1 ;; esac
  echo end
}
unread=
all=$(docker inspect --type container --format "$container_template" -- "$@") || unread=1
for one; do
  own=$(printf '%s\n' "$all" | awk -v begin="self {\"id\":\"$one\"" '/^self / { on = index($0, begin) == 1 } on')
  [ -n "$own" ] || continue
  echo "for $one"
  describe "$one" || unread=1
done
[ -z "$unread" ]
