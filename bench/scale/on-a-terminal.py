# python3 bench/scale/on-a-terminal.py PROGRAM [ARGUMENT...]: runs it on a terminal of 120 × 40 of its own, and prints how many bytes it has drawn in how many pieces.
import fcntl, os, pty, struct, sys, termios

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
size = reads = 0
while True:
    try:
        data = os.read(terminal, 1 << 16)
    except OSError:
        break
    if not data:
        break
    size += len(data)
    reads += 1
_, status = os.waitpid(child, 0)
print(size, reads)
sys.exit(os.waitstatus_to_exitcode(status))
