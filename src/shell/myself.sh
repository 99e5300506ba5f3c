# `myself` sets `self`: what the process that calls it is known by (run/work/standing.sh): its number, when it was started,
# and in which boot of the host.
# shellcheck disable=SC2034 # for whoever sources it: self

myself() {
  read -r self </proc/self/stat
  set -- "${self%% *}" ${self##*") "}
  read -r self </proc/sys/kernel/random/boot_id
  self="$1 ${21} $self"
}
