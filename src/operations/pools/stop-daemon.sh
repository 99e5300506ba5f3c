# Argument: the pool. The socket first, or whoever asks Docker something starts the daemon again. With no container
# running the daemon removes the pool, and with it the loop devices, when it stops; a pool that stays is not made longer
# at the next start.

# Stops the Docker daemon, and waits until its pool $1 is gone.
systemctl stop docker.socket 2>/dev/null
systemctl stop docker.service || exit 1
case $(systemctl is-active docker.service) in
  inactive | failed) ;;
  *)
    echo "the Docker daemon has not stopped" >&2
    exit 1
    ;;
esac
n=0
while :; do
  devices=$(dmsetup ls) || exit 1
  printf '%s\n' "$devices" | cut -f1 | grep -Fxq -e "$1" || break
  [ "$n" -lt 30 ] || {
    echo "the thin pool $1 stays although the daemon has stopped: something else has a container's file system mounted" >&2
    exit 1
  }
  n=$((n + 1))
  sleep 1
done
