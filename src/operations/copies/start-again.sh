# Argument: the file that names them. Nothing to do is success.

# Starts the containers that $1 names.
{
  . ./stopped.sh
  start_again "$1"
} </dev/null
