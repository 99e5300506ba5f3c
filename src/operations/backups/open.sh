# `opened` prints the packed archive `$archive`, decrypted where `$identity` names a key; `opens` whether all of it can
# be, and is the archive with the digest `$inside`. age reads the key itself.
# shellcheck disable=SC2154 # of whoever sources it: archive, inside, work
# shellcheck disable=SC2034 # for whoever sources it: codes

opened() { if [ -n "$identity" ]; then age -d -i "$identity" <"$archive"; else cat <"$archive"; fi; }
opens() {
  codes=$({
    {
      opened 2>"$work/said"
      echo "open $?" >&3
    } | sha256sum >"$work/inside"
  } 3>&1)
  if ! has open; then
    case $(cat "$work/said") in
      *'no identity matched'*) no "$archive is encrypted, and to none of the keys in $identity" ;;
      *) no "$archive cannot be decrypted with $identity: $(head -n 1 "$work/said")" ;;
    esac
  fi
  [ "$(cut -d' ' -f1 "$work/inside")" = "$inside" ] || no "what is encrypted in $archive is not the archive that was backed up: its checksum differs"
}
