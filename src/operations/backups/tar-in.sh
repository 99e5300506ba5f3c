# For `inside`: extracts its input into the directory `$to`.
# shellcheck disable=SC2154 # of whoever sources it: to

exec tar -C "$to" --xattrs --xattrs-include='*' --acls --selinux -S --numeric-owner --same-owner -xpf -
