/**
 * Pieces for scripts. Every stage of a pipeline says `NAME STATUS` on descriptor 3; `has NAME` is whether it has come to
 * its end and well, in `$codes`; `has NAME STATUS`, whether it has ended so. `$work` is a directory for them, `$packing` the compression.
 */
export const stageFunctions = `nl='
'
has() { case $nl$codes$nl in *"$nl$1 \${2:-0}$nl"*) ;; *) return 1 ;; esac; }
unpack() { case $packing in zstd) zstd -q -dc ;; gzip) gzip -dc ;; esac; }
`;

/**
 * `aside NAME COMMAND…` passes its input on, and gives it to the command too, whose output is kept. `members` reads a
 * packed archive to its end and counts.
 *
 * `seal RECIPIENT…` encrypts, and proves the archive on its way, so that it is never on a disk in the clear: its
 * digest, its size, that it can be unpacked to its end, and its members. Without recipients it passes on.
 */
export const sealFunctions = `aside() { aside=$1; shift; { { tee /dev/fd/4; echo "to $aside $?" >&3; } | { "$@" >"$work/$aside" 4>&-; echo "$aside $?" >&3; }; } 4>&1; }
members() { { unpack; echo "unpack $?" >&3; } | { tar -tf -; echo "list $?" >&3; } | wc -l; }
seal() {
  [ "$#" -gt 0 ] || { cat; return; }
  for recipient do shift; set -- "$@" -r "$recipient"; done
  aside inside sha256sum | aside length wc -c | aside members members | age "$@"
}
`;

/**
 * `sealed FILE LENGTH RECIPIENTS`: whether it is what age makes of so many bytes. Its format says how long that is: the
 * header, which ends with its line \`---\`, a nonce of 16 bytes, and 16 more for each 64 KiB that have begun.
 */
export const sealedFunction = `sealed() {
  [ "$(head -c 22 -- "$1" | tr -d '\\0')" = age-encryption.org/v1 ] || return
  mac=$(LC_ALL=C grep -abm1 -e '^--- [A-Za-z0-9+/]\\{43\\}$' -- "$1") || return
  header=$((\${mac%%:*} + 48))
  [ "$(head -c "$header" -- "$1" | grep -c '^-> ')" -ge "$3" ] && [ "$(stat -c %s -- "$1")" = $((header + 16 + $2 + ($2 + 65535) / 65536 * 16)) ]
}
`;

/**
 * `opened` prints the packed archive \`$archive\`, decrypted where \`$identity\` names a key; \`opens\` whether all of it can be, and
 * is the archive with the digest \`$inside\`. age reads the key itself.
 */
export const openFunctions = `opened() { if [ -n "$identity" ]; then age -d -i "$identity" <"$archive"; else cat <"$archive"; fi; }
opens() {
  codes=$({ { opened 2>"$work/said"; echo "open $?" >&3; } | sha256sum >"$work/inside"; } 3>&1)
  if ! has open; then
    case $(cat "$work/said") in
      *'no identity matched'*) no "$archive is encrypted, and to none of the keys in $identity" ;;
      *) no "$archive cannot be decrypted with $identity: $(head -n 1 "$work/said")" ;;
    esac
  fi
  [ "$(cut -d' ' -f1 "$work/inside")" = "$inside" ] || no "what is encrypted in $archive is not the archive that was backed up: its checksum differs"
}
`;
