# `strangers FROM TO` prints up to twenty paths below TO that a copy of FROM which was cut cannot have left there, and
# ends with status 9 if there are any: what is not in the source, and files that are newer than there.
# A copy does leave: files that are equal, or older than in the source by now; directories, links, and what holds no
# data; rsync's temporary files (`.NAME.` or, of `.NAME`, `.NAME.`, and six characters); and one file that is half
# written, which is newer and shorter.

strangers() {
  cd -P -- "$2" || return 1
  {
    find . -xdev -mindepth 1 -exec /bin/sh -c '
    from=$1 half=
    shift
    for at do
      there=$from/${at#./}
      if [ -e "$there" ] || [ -L "$there" ]; then
        if [ -L "$at" ]; then [ ! -L "$there" ] || continue
        elif [ -d "$at" ]; then [ ! -d "$there" ] || [ -L "$there" ] || continue
        elif [ ! -f "$at" ] || [ ! -s "$at" ]; then continue
        elif [ -f "$there" ] && [ ! -L "$there" ]; then
          [ "$at" -nt "$there" ] || continue
          if [ -z "$half" ] && [ "$(stat -c %s -- "$at")" -lt "$(stat -c %s -- "$there")" ]; then half=1; printf "half %s\n" "$at"; continue; fi
        fi
      else
        name=${at##*/} beside=${there%/*}
        case $name in
          .?*.[A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9])
            name=${name%.*}
            case ${at##*.} in *[A-Z0-9]*) if [ -e "$beside/$name" ] || [ -L "$beside/$name" ] || [ -e "$beside/${name#.}" ] || [ -L "$beside/${name#.}" ]; then continue; fi ;; esac ;;
        esac
      fi
      printf "strange %s\n" "$at"
    done
    :' sh "$1" {} +
    echo "ended $?"
  } | LC_ALL=C awk '
    /^ended / { ended = $2; next }
    /^half / && !halves++ { next }
    many++ < 20 { sub(/^[a-z]+ \.\//, ""); print }
    END { exit ended != 0 ? 1 : many > 0 ? 9 : 0 }'
}
