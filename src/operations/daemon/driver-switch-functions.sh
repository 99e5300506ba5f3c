driver() { docker info --format '{{.Driver}}'; }
. ./daemon.sh
