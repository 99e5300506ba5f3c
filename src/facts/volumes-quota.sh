. ./project-quota.sh
project_quota "$1" "$1"
