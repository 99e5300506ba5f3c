# What stands at a path; symbolic links are not followed. Argument: the path.

path=$1
case $path in -*) path=./$path ;; esac
stat -c '%f %s %a %u:%g %U:%G' "$path" || exit 1
[ -f "$path" ] && [ ! -L "$path" ] || exit 0
sha256sum <"$path"
