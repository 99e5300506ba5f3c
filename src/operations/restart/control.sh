# `restart_daemon`, `start_daemon`: three starts a minute trip systemd's start limit, hence the reset before. `answers`:
# it does, after a while.

restart_daemon() {
  systemctl reset-failed docker.service docker.socket >/dev/null 2>&1
  systemctl restart docker.service
}
start_daemon() {
  systemctl reset-failed docker.service docker.socket >/dev/null 2>&1
  systemctl start docker.service
}
answers() {
  i=0
  while [ "$i" -lt 90 ]; do
    docker version --format '{{.Server.Version}}' >/dev/null 2>&1 && return 0
    i=$((i + 1))
    sleep 2
  done
  return 1
}
