# What rsync takes for its way to the other host: it says on descriptor 7 what is to be run there, and its output
# comes on 8. One line without single quotes: rsync splits what this is a part of into words itself.

shift
echo "$*" >&7
exec 3<&0
cat <&3 >&7 &
cat <&8
kill "$!"
