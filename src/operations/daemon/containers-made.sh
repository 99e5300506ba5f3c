# Prints how many containers have been made with a new driver, or `none`, or why it is not known. Arguments: the driver
# to go back to, and how many containers the new one had before.
# A daemon that does not run has none; of one that runs and gives no answer it is not known. What is printed is
# compared, so errors are asked for by themselves.

unknown() {
  echo "it is not known: $*"
  exit 0
}
driver() { docker info --format '{{.Driver}}'; }
is=$(driver 2>/dev/null) && [ -n "$is" ] || {
  case $(systemctl is-active docker.service 2>/dev/null) in
    inactive | failed)
      echo none
      exit 0
      ;;
  esac
  unknown "docker info tells no driver, although the daemon has not ended: $(driver 2>&1)"
}
[ "$is" != "$1" ] || {
  echo none
  exit 0
}
all=$(docker ps -aq 2>/dev/null) || unknown "docker ps fails: $(docker ps -aq 2>&1)"
made=$(printf '%s\n' "$all" | grep -c .)
if [ "$made" -le "$2" ]; then echo none; else echo "$made"; fi
