/**
 * How root writes a file on a host: the one place where a script makes a temporary file, and puts one in its
 * place. The directory may belong to somebody else, who may plant and swap names in it at any moment.
 *
 * A path is entered one directory at a time, each by `cd` and then looked at from inside: what stands there
 * cannot be exchanged any more. A symbolic link is followed where only root, or we, could have put it; one that
 * another user has put leads to that user's own directories or nowhere. From there on every name is relative.
 *
 * What is written lies in a new directory beside its place that only we may enter, until it is whole, with its
 * owner and mode, and on the disk; `rename` then replaces whatever has the name, and follows nothing.
 */

/** What `walk_to` and `beside` know of the working directory. */
const look = `beside_look() {
  set -- $(stat -c '%d:%i %u %A' . ..) && [ "$#" = 6 ] || return 1
  beside_is=$1 beside_uid=$2 beside_mode=$3 beside_up=$4
}
beside_closed() { case $beside_mode in d????-??-*) ;; *) return 1 ;; esac; }
beside_ours() { [ "$beside_uid" = 0 ] || [ -O . ]; }`;

/**
 * `walk_to PATH [own [make]]` makes it the working directory, or says why not; so whoever calls it does so in a
 * subshell; 2 when there is no such directory. With `own` nobody but root and us may have a say in it, nor in what leads to it: then its path can be
 * used as well. With `make` what is missing is made.
 */
export const walkFunction = `${look}
beside_no() { printf '%s\\n' "$*" >&2; return 1; }
walk_to() {
  case $1 in /*) ;; *) beside_no "$1 is not an absolute path"; return ;; esac
  beside_left=$1 beside_at= beside_links=0 beside_bound=
  cd -P / && beside_look || { beside_no "/ cannot be looked at"; return; }
  while [ -n "$beside_left" ]; do
    beside_next=\${beside_left%%/*}
    case $beside_left in */*) beside_left=\${beside_left#*/} ;; *) beside_left= ;; esac
    case $beside_next in
      '' | .) continue ;;
      ..) cd -P .. && beside_look || { beside_no "$beside_at/.. cannot be entered"; return; }
        beside_at=$beside_at/..
        continue ;;
    esac
    if ! beside_closed; then
      beside_whose=anybody
      case $beside_mode in *[tT]) ! beside_ours || beside_whose=sticky ;; esac
    elif beside_ours; then beside_whose=ours; else beside_whose=$beside_uid; fi
    case \${2-}$beside_whose in ownours | ownsticky) ;; own*) beside_no "\${beside_at:-/} can be written by other users, so that they decide what $1 is"; return ;; esac
    if [ -L "./$beside_next" ]; then
      beside_links=$((beside_links + 1))
      [ "$beside_links" -le 40 ] || { beside_no "$1 leads through too many symbolic links"; return; }
      case $beside_whose in
        ours) ;;
        anybody | sticky) beside_no "$beside_at/$beside_next is a symbolic link that any user may have put there: name the directory itself"; return ;;
        *) case \${beside_bound:-$beside_uid} in "$beside_uid") beside_bound=$beside_uid ;; *) beside_no "$1 leads through symbolic links of several users: name the directory itself"; return ;; esac ;;
      esac
      beside_to=$(readlink "./$beside_next") || { beside_no "$beside_at/$beside_next cannot be read"; return; }
      beside_left=$beside_to/$beside_left
      case $beside_to in /*) cd -P / && beside_look || return; beside_at= ;; esac
      continue
    fi
    beside_at=$beside_at/$beside_next beside_was=$beside_is
    if [ -n "\${3-}" ] && [ ! -e "./$beside_next" ]; then
      if [ -n "$beside_left" ]; then mkdir -m 755 "./$beside_next"; else mkdir -m 700 "./$beside_next"; fi || return
    fi
    [ -e "./$beside_next" ] || { beside_no "there is no directory $beside_at"; return 2; }
    cd -P "./$beside_next" 2>/dev/null || { beside_no "there is no directory $beside_at that can be entered"; return; }
    beside_look && [ "$beside_up" = "$beside_was" ] || { beside_no "$beside_at has been exchanged for another directory at this moment"; return; }
    [ "$beside_whose" != sticky ] || [ "\${2-}" != own ] || beside_ours || { beside_no "$beside_at belongs to another user"; return; }
  done
  [ -z "$beside_bound" ] || [ "$beside_bound" = "$beside_uid" ] || { beside_no "$1 leads through a symbolic link of user $beside_bound, and into a directory that is not theirs: name the directory itself"; return; }
  [ "\${2-}" != own ] || {
    [ -O . ] || { beside_no "$1 belongs to another user"; return; }
    beside_closed || { beside_no "$1 can be written by other users"; return; }
  }
}`;

/**
 * `clear_beside` removes what a failure of power has left of an earlier one. `beside` enters a new directory of our own in the working directory; what is written to `./.part` there is put
 * in place by `put_in_place NAME MODE [OWNER]`, and `leave_beside` clears away what is left of it.
 */
const besideFunctions = `clear_beside() ( set +f
  for beside_old in ./.plimsoll.??????????; do
    [ -d "$beside_old" ] && [ ! -L "$beside_old" ] && [ -O "$beside_old" ] &&
    (cd -P "$beside_old" && beside_look && [ "$beside_up" = "$beside_was" ] && [ -O . ] && beside_closed && rm -f ./.part) && rmdir "$beside_old"
  done 2>/dev/null; : )
beside() {
  beside_look && beside_was=$beside_is && clear_beside && beside_own=$(umask 077 && mktemp -d ./.plimsoll.XXXXXXXXXX) && cd -P "$beside_own" &&
  beside_look && [ "$beside_up" = "$beside_was" ] && [ -O . ] && beside_closed || { beside_no "no directory of our own can be made beside \${1:-it}"; return; }
}
put_in_place() {
  case $1 in '' | . | .. | */*) beside_no "$1 is not the name of a file"; return ;; esac
  { [ -z "\${3-}" ] || chown -h "$3" ./.part; } && chmod "$2" ./.part && sync ./.part && mv -f -T ./.part "../$1" && sync ..
}
leave_beside() { rm -f ./.part; cd -P .. && rmdir "$beside_own" 2>/dev/null; }`;

/**
 * All of it; and `write_beside PATH MODE [OWNER [SHA256]]`, which puts its standard input in place, if it is what it
 * should be. `read_beside PATH` prints a file, and follows links as `walk_to` does, and none in the last place.
 */
export const writeBesideFunctions = `${walkFunction}
${besideFunctions}
beside_in() { beside_path=\${1%/*}; shift; walk_to "\${beside_path:-/}" "$@"; }
read_beside() ( beside_in "$1" && [ -f "./\${1##*/}" ] && [ ! -L "./\${1##*/}" ] && exec cat <"./\${1##*/}" || beside_no "$1 cannot be read: is it a file?" )
write_beside() (
  umask 077
  beside_in "$1" && beside "$1" || exit 1
  trap leave_beside EXIT
  trap 'exit 143' TERM INT
  cat >./.part || exit 1
  [ -z "\${4-}" ] || [ "$(sha256sum <./.part | cut -d' ' -f1)" = "$4" ] || { beside_no "what was to become $1 did not arrive whole"; exit 1; }
  put_in_place "\${1##*/}" "$2" "\${3-}"
)`;
