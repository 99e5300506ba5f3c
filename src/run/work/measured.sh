# `measured` sets `far` to what the work `$w` is about at this moment, how many bytes of that are done, and how many it
# will be, if it has noted what tells that (facts/copies/noted.sh), and that goes on. It is asked every second, so the shell
# reads it all by itself. No more than `$most_looked` processes are. What the work has noted can be anything: what is no word and
# no number that the shell can count with is nothing, and does not get in the way of the look.
# shellcheck disable=SC2154 # of whoever sources it: w
# shellcheck disable=SC2034 # for whoever sources it: far

most_looked=64
measured() {
  far=
  [ -s "$w.doing" ] && [ -s "$w.bytes" ] || return 0
  read -r pid start boot counter word share 2>/dev/null <"$w.doing" && read -r once rest 2>/dev/null <"$w.bytes" && alive "$pid" "$start" "$boot" || return 0
  case $word in '' | *[!a-z]* | ?????????????????????*) return 0 ;; esac
  countable "$once" || return 0
  countable "$rest" || rest=0
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
# Without a zero before it, which would make it octal; and so few digits that twice as much, and a sum, are numbers, too.
countable() {
  case $1 in '' | *[!0-9]* | 0?* | ????????????????*) return 1 ;; esac
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
