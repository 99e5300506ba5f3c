# Whether a directory, and whatever leads to it, is for us alone to write to. Argument: the directory.

. ../../shell/walk.sh
said=$( (walk_to "$1" own) 2>&1)
case $? in 0) echo own ;; 2) echo missing ;; *) printf 'not %s\n' "$said" ;; esac
