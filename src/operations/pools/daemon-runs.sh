# The Docker daemon runs and answers, or this ends here.

. ../restart/control.sh
start_daemon || {
  echo "the Docker daemon does not start: systemctl status docker" >&2
  exit 1
}
answers || {
  echo "the Docker daemon does not answer: systemctl status docker" >&2
  exit 1
}
