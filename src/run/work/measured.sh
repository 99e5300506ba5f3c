# `measured` sets `far` to what the work `$w` is about at this moment, how many bytes of that are done, and how many it
# will be, if it has noted what tells that (facts/copies/noted.sh), and that goes on. It is asked every second, so the shell
# reads it all by itself. No more than `$most_looked` processes are.
# shellcheck disable=SC2154 # of whoever sources it: w
# shellcheck disable=SC2034 # for whoever sources it: far

most_looked=64
measured() {
  far=
  [ -s "$w.doing" ] && [ -s "$w.bytes" ] || return 0
  read -r pid start boot counter word share 2>/dev/null <"$w.doing" && read -r once rest 2>/dev/null <"$w.bytes" && alive "$pid" "$start" "$boot" || return 0
  case $word in '' | *[!a-z]*) return 0 ;; esac
  case $once in '' | *[!0-9]*) return 0 ;; esac
  case $rest in '' | *[!0-9]*) rest=0 ;; esac
  case $share in
    once) bytes=$once ;;
    twice) bytes=$((2 * once)) ;;
    *) bytes=$rest ;;
  esac
  furthest=0 all=0 looked=0
  count_in "$pid"
  case $counter in
    written) far=" $word $furthest $bytes" ;;
    read) far=" $word $all $bytes" ;;
  esac
}
count_in() {
  for each; do
    [ "$looked" -lt "$most_looked" ] || return 0
    looked=$((looked + 1))
    while read -r key value; do
      case $key in
        rchar:) all=$((all + value)) ;;
        wchar:) [ "$value" -le "$furthest" ] || furthest=$value ;;
      esac
    done 2>/dev/null <"/proc/$each/io"
    started=
    read -r started 2>/dev/null <"/proc/$each/task/$each/children"
    count_in $started
  done
}
