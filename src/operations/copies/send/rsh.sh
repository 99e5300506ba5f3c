# How the source of a copy reaches its destination: `sh rsh HOST WORD…`, as rsync calls a remote shell. It lies beside
# the key.

shift
exec ssh -F none -T -x -a -p "$PLIMSOLL_PORT" -i "${0%/*}/key" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o PreferredAuthentications=publickey -o "UserKnownHostsFile=${0%/*}/known_hosts" -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=plimsoll-destination -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o CheckHostIP=no -o ControlPath=none -o ClearAllForwardings=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=8 -o LogLevel=ERROR -l "$PLIMSOLL_USER" -- "$PLIMSOLL_ADDRESS" "$*"
