# Every stage of a pipeline says `NAME STATUS` on descriptor 3; `has NAME` is whether it has come to its end and well,
# in `$codes`; `has NAME STATUS`, whether it has ended so. `$work` is a directory for them, `$packing` the compression.
# shellcheck disable=SC2154 # of whoever sources it: codes, packing

nl='
'
has() { case $nl$codes$nl in *"$nl$1 ${2:-0}$nl"*) ;; *) return 1 ;; esac }
unpack() { case $packing in zstd) zstd -q -dc ;; gzip) gzip -dc ;; esac }
