# `driver` prints the storage driver that the daemon runs with; and what controls the daemon.

driver() { docker info --format '{{.Driver}}'; }
. ../restart/control.sh
