# Starts the Docker daemon.
. ./daemon-runs.sh
