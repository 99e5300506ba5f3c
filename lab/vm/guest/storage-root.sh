# shellcheck shell=sh
# Docker lives on the root file system (ext4).
