# For `inside`: prints the directory `$from` with everything that its files have.
# shellcheck disable=SC2154 # of whoever sources it: from

exec tar -C "$from" --xattrs --xattrs-include='*' --acls --selinux -S --numeric-owner --format=posix --pax-option=delete=atime,delete=ctime --one-file-system -p -cf - .
