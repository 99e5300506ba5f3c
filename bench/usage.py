"""usage.py FILE PROGRAM ARGUMENT…: runs a program, and writes what it and its children took: CPU seconds, peak KiB."""
import json
import resource
import subprocess
import sys

status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump({"cpu": used.ru_utime + used.ru_stime, "peakKiB": used.ru_maxrss}, file)
sys.exit(status if status >= 0 else 128 - status)
