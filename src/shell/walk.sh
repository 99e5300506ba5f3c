# `walk_to PATH [own [make]]` makes it the working directory, or says why not; so whoever calls it does so in a
# subshell; 2 when there is no such directory. With `own` nobody but root and us may have a say in it, nor in what leads
# to it: then its path can be used as well. With `make` what is missing is made.

. ./look.sh
beside_no() {
  printf '%s\n' "$*" >&2
  return 1
}
walk_to() {
  case $1 in
    /*) ;;
    *)
      beside_no "$1 is not an absolute path"
      return
      ;;
  esac
  beside_left=$1 beside_at='' beside_links=0 beside_bound=
  cd -P / && beside_look || {
    beside_no "/ cannot be looked at"
    return
  }
  while [ -n "$beside_left" ]; do
    beside_next=${beside_left%%/*}
    case $beside_left in */*) beside_left=${beside_left#*/} ;; *) beside_left= ;; esac
    case $beside_next in
      '' | .) continue ;;
      ..)
        cd -P .. && beside_look || {
          beside_no "$beside_at/.. cannot be entered"
          return
        }
        beside_at=$beside_at/..
        continue
        ;;
    esac
    if ! beside_closed; then
      beside_whose=anybody
      case $beside_mode in *[tT]) ! beside_ours || beside_whose=sticky ;; esac
    elif beside_ours; then
      beside_whose=ours
    else
      beside_whose=$beside_uid
    fi
    case ${2-}$beside_whose in
      ownours | ownsticky) ;;
      own*)
        beside_no "${beside_at:-/} can be written by other users, so that they decide what $1 is"
        return
        ;;
    esac
    if [ -L "./$beside_next" ]; then
      beside_links=$((beside_links + 1))
      [ "$beside_links" -le 40 ] || {
        beside_no "$1 leads through too many symbolic links"
        return
      }
      case $beside_whose in
        ours) ;;
        anybody | sticky)
          beside_no "$beside_at/$beside_next is a symbolic link that any user may have put there: name the directory itself"
          return
          ;;
        *)
          case ${beside_bound:-$beside_uid} in
            "$beside_uid") beside_bound=$beside_uid ;;
            *)
              beside_no "$1 leads through symbolic links of several users: name the directory itself"
              return
              ;;
          esac
          ;;
      esac
      beside_to=$(readlink "./$beside_next") || {
        beside_no "$beside_at/$beside_next cannot be read"
        return
      }
      beside_left=$beside_to/$beside_left
      case $beside_to in
        /*)
          cd -P / && beside_look || return
          beside_at=
          ;;
      esac
      continue
    fi
    beside_at=$beside_at/$beside_next beside_was=$beside_is
    if [ -n "${3-}" ] && [ ! -e "./$beside_next" ]; then
      if [ -n "$beside_left" ]; then mkdir -m 755 "./$beside_next"; else mkdir -m 700 "./$beside_next"; fi || return
    fi
    [ -e "./$beside_next" ] || {
      beside_no "there is no directory $beside_at"
      return 2
    }
    cd -P "./$beside_next" 2>/dev/null || {
      beside_no "there is no directory $beside_at that can be entered"
      return
    }
    beside_look && [ "$beside_up" = "$beside_was" ] || {
      beside_no "$beside_at has been exchanged for another directory at this moment"
      return
    }
    [ "$beside_whose" != sticky ] || [ "${2-}" != own ] || beside_ours || {
      beside_no "$beside_at belongs to another user"
      return
    }
  done
  [ -z "$beside_bound" ] || [ "$beside_bound" = "$beside_uid" ] || {
    beside_no "$1 leads through a symbolic link of user $beside_bound, and into a directory that is not theirs: name the directory itself"
    return
  }
  [ "${2-}" != own ] || {
    [ -O . ] || {
      beside_no "$1 belongs to another user"
      return
    }
    beside_closed || {
      beside_no "$1 can be written by other users"
      return
    }
  }
}
