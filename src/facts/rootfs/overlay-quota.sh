# The project quota on one overlay2 layer directory. Arguments: the layer's directory (the parent of inspect's
# UpperDir), and the container's root directory of Docker, whose own directory has no quota and so tells what is free on
# the file system.

. ../host/project-quota.sh
project_quota "$1" "$2"
