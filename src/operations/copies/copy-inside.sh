# Arguments: source, which one that is, destination, which one that is, how it is copied. That comes last, so that it
# is seen in a plan as it is run.

# Runs $5 where nothing but $1 (read only), $3 and the host's programs can be reached, if both are still the directories
# that were planned for.
{
  . ../../facts/copies/inside.sh
  from=$1 from_is=$2 to=$3 to_is=$4 scratch=
  inside rw "$5"
} </dev/null
