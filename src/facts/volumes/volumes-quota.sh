# The file system that Docker's volumes lie on. Argument: the directory of all volumes.

. ../host/project-quota.sh
project_quota "$1" "$1"
