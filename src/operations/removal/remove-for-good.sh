# Arguments: three as of quarantine.sh; seconds; `ended` (its quarantine has), `begun` (its removal was cut), or `now`
# (there is no quarantine).

# Removes volume $1 for good, unless a container uses it by now, or something has written to it since its quarantine
# began; then that lasts another $4 s.
{
  . ./quarantine.sh
  same
  ! users || {
    forget
    done_with "$name stays: it is used by now, by $used"
  }
  now=$(date +%s) || exit 1
  since=$now until=$now
  case $5 in
    ended)
      entry_says "\"is\":\"$is\"" || no "$name is not in quarantine any more"
      since=$(field since) until=$(field until)
      [ "$until" -le "$now" ] || no "$name is in quarantine for another $((until - now)) s"
      changed=$(find "$directory" -xdev -newercm "$entry" -print -quit) || no "it cannot be told whether something has written to $name"
      [ -z "$changed" ] || {
        write_entry "$now" "$((now + $4 + 1))" false
        done_with "$name stays in quarantine: something has written to it since that began ($changed)"
      }
      ;;
    begun)
      entry_says '"removing":true' || no "$name was not being removed"
      since=$(field since) until=$(field until)
      ;;
  esac
  # As it was, with its time, should Docker not remove it.
  [ "$5" != ended ] || ln -f -- "$entry" "$was" || no "what becomes of $name cannot be written down on the host"
  write_entry "$since" "$until" true
  docker volume rm "$name" || {
    ! users || {
      forget
      done_with "$name stays: it is used by now, by $used"
    }
    # Of what is whole the removal has not begun.
    changed=$(find "$directory" -xdev -newercm "$entry" -print -quit) && [ -z "$changed" ] && case $5 in
      ended) mv -f -- "$was" "$entry" && sync -- "$state/quarantine" ;;
      now) forget ;;
    esac
    no "Docker does not remove $name"
  }
  ! is_there && [ ! -e "$directory" ] || no "$name is still there, although Docker says that it has been removed"
  forget
} </dev/null
