# Arguments: three as of quarantine.sh; `undo`, or `forget` of one that is used again or is gone.

# Takes volume $1 out of quarantine. It has been in its place all the time.
{
  . ./quarantine.sh
  [ -e "$entry" ] || exit 0
  [ "$4" = forget ] || entry_says '"removing":false' || no "the removal of $name has begun: something of it may be gone"
  entry_says "\"is\":\"$is\"" || done_with "what is in quarantine now is another volume $name"
  forget
} </dev/null
