# shellcheck disable=SC2154 # of whoever sources it: codes, packing

nl='
'
has() { case $nl$codes$nl in *"$nl$1 ${2:-0}$nl"*) ;; *) return 1 ;; esac; }
unpack() { case $packing in zstd) zstd -q -dc ;; gzip) gzip -dc ;; esac; }
