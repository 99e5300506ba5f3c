/**
 * What a shell of ours begins with on a host, as one line of shell: the system's own programs come first, whatever
 * the login's PATH holds (conda's tar keeps no ACLs), and after them its absolute directories, where a host has docker
 * elsewhere. An empty or relative one would be whatever directory somebody else may write.
 */
export const privilegedEnvironment =
  'LC_ALL=C; plimsoll_p=; set -f; IFS=:; for plimsoll_d in $PATH; do case $plimsoll_d in /*) plimsoll_p=$plimsoll_p:$plimsoll_d ;; esac; done; unset IFS; set +f; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$plimsoll_p; export LC_ALL PATH; umask 077';
