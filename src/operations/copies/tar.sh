# For `inside`. A pipe's exit status is its last command's only, so both are said on another descriptor.
# shellcheck disable=SC2154 # of whoever sources it: from, to

codes=$({
  {
    tar -C "$from" --xattrs --xattrs-include='*' --acls --selinux -S --numeric-owner --format=posix --one-file-system -cf - .
    echo "create $?" >&3
  } |
    {
      tar -C "$to" --xattrs --xattrs-include='*' --acls --selinux -S --numeric-owner --same-owner -xpf -
      echo "extract $?" >&3
    }
} 3>&1)
case $codes in *"create 0"*) ;; *) exit 1 ;; esac
case $codes in *"extract 0"*) ;; *) exit 1 ;; esac
