# `private_file PATH` prints why the file is not the acting account's alone, and nothing when it is. A file of
# credentials says more than who one is (curl's may say where to write), so whoever could change it, or put another one
# in its place, could do so as root. A link is followed when nobody else can turn it.

private_file() {
  wanted=$1 actual=$(readlink -f -- "$1") && [ -e "$actual" ] || {
    echo "there is no file $wanted on the host"
    return
  }
  [ -f "$actual" ] || {
    echo "$wanted on the host is no file"
    return
  }
  [ -O "$actual" ] || {
    echo "$wanted on the host belongs to somebody else: chown root $wanted"
    return
  }
  case $(stat -c %a -- "$actual") in
    600 | 400) ;;
    *)
      echo "$wanted on the host has mode $(stat -c %a -- "$actual"), and others may read or change it: chmod 600 $wanted"
      return
      ;;
  esac
  [ ! -L "$wanted" ] || [ "$(stat -c %u -- "$wanted")" = "$(id -u)" ] || {
    echo "$wanted on the host is a link that somebody else can turn"
    return
  }
  for at in "$wanted" "$actual"; do
    while [ "$at" != / ]; do
      at=$(dirname -- "$at")
      owner=$(stat -L -c %u -- "$at") mode=$(stat -L -c %a -- "$at")
      [ "$owner" = 0 ] || [ "$owner" = "$(id -u)" ] || {
        echo "$at on the host belongs to somebody else, who can put another file in the place of $wanted"
        return
      }
      case $mode in
        [1357]???) ;;
        *[2367]? | *[2367])
          echo "$at on the host has mode $mode: others can put another file in the place of $wanted"
          return
          ;;
      esac
    done
  done
}
