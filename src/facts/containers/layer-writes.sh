# `layer_writes ID` prints what was written to the layer of a container: `write KIND PATH`, at most 51; of what is not
# meant to last (the temporary directories, histories of shells) `passing NUMBER`, and `passes PATH` of the first. Mount
# points come as lines `mounted PATH` on standard input. A directory is named only when nothing in it is. (/sbin/docker-
# init is where `--init` mounts its program; what is below /dev, /proc and /sys Docker puts there.)
# `judge_layer` does the same with what docker diff says, after these lines and an empty one.

layer_writes() {
  {
    sed -n 's/^mounted //p'
    echo
    docker diff "$1" || echo '! '
  } | judge_layer
}
judge_layer() {
  LC_ALL=C awk '
    function dockers(path) { return path ~ /^\/(dev|proc|sys)(\/|$)/ || path == "/sbin/docker-init" }
    function volatile(path) {
      return path ~ /^\/(tmp|run|var\/(tmp|run|lock))(\/|$)/ || path ~ /^\/(root|home\/[^\/]*)\/\.(ash|bash|sh|python)_history$/
    }
    !begun && /^$/ { begun = 1; next }
    !begun { mounted[$0] = 1; next }
    { kind = substr($0, 1, 1); path = substr($0, 3)
      if (kind == "!") { failed = 1; exit }
      at[++n] = path; kinds[n] = kind
      for (up = path; sub(/\/[^\/]*$/, "", up) && up != "";) holds[up] = 1 }
    END {
      if (failed) exit 1
      for (i = 1; i <= n; i++) {
        if (holds[at[i]] || dockers(at[i]) || (at[i] in mounted)) continue
        if (!volatile(at[i])) { if (++printed <= 51) print "write " kinds[i] " " at[i]; continue }
        # The directory itself is in the image, and is changed by what comes and goes in it.
        if (kinds[i] == "C" && at[i] ~ /^\/(tmp|run|var\/(tmp|run|lock))$/) continue
        if (++passing <= 5) print "passes " at[i]
      }
      if (passing) print "passing " passing
    }'
}
