# Arguments: three as of quarantine.sh; seconds; a container that has it and is about to be removed, or nothing.

# Puts volume $1 into quarantine for $4 s, unless a container uses it by now (other than $5, if that is about to be
# removed). It stays where it is.
{
  . ./quarantine.sh
  except=${5-}
  [ -e "$directory" ] || done_with "$name is gone already"
  is_it || no "$name is not the volume that was found: its directory has been made anew or changed since"
  ! users || done_with "$name stays: it is used by now, by $used"
  now=$(date +%s) || exit 1
  write_entry "$now" "$((now + $4))" false
} </dev/null
