"""Builds a tree with everything in it that a copy can lose. Needs root, and a file system with ACLs and
extended attributes. Arguments: the directory (made here), and how many small files it holds."""
import os, random, socket, stat, struct, sys

root = os.fsencode(sys.argv[1])
small = int(sys.argv[2])
rng = random.Random(4)


def at(*names):
    return os.path.join(root, *names)


def write(path, data, mode=0o644):
    with open(path, 'wb') as file:
        file.write(data)
    os.chmod(path, mode)
    return path


def acl(*entries):
    """POSIX ACL as the kernel keeps it: version 2, then tag, permissions and id of each entry."""
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', tag, perm, who) for tag, perm, who in entries)


USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER, NOBODY = 1, 2, 4, 8, 0x10, 0x20, 0xFFFFFFFF

os.mkdir(root)
for name in (b'links', b'special', b'attributes', b'names', b'modes', b'empty', b'many', b'deep'):
    os.mkdir(at(name))

# Hard links: three names of one file in two directories, and a pair of symbolic links that is one inode.
write(at(b'links', b'one'), b'linked')
os.link(at(b'links', b'one'), at(b'links', b'two'))
os.link(at(b'links', b'one'), at(b'modes', b'three'))
os.symlink(b'one', at(b'links', b'relative'))
os.symlink(b'/etc/hostname', at(b'links', b'absolute'))
os.symlink(b'no such \xff thing', at(b'links', b'dangling'))
os.link(at(b'links', b'dangling'), at(b'links', b'dangling too'), follow_symlinks=False)
os.lchown(at(b'links', b'absolute'), 4711, 4712)

# Holes: 1 GiB of which 4 KiB are there; holes at both ends; and a file that is nothing but a hole.
for name, size, offset, data in ((b'giant', 1 << 30, 1 << 29, rng.randbytes(4096)), (b'ends', 8 << 20, 3 << 20, rng.randbytes(100_000)), (b'hollow', 5_000_001, 0, b'')):
    with open(at(b'special', name), 'wb') as file:
        file.truncate(size)
        file.seek(offset)
        file.write(data)
write(at(b'special', b'zeros'), bytes(70_000))

# What is no file.
os.mkfifo(at(b'special', b'fifo'), 0o640)
os.mknod(at(b'special', b'character'), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
os.mknod(at(b'special', b'block'), 0o660 | stat.S_IFBLK, os.makedev(7, 4095))
if len(sys.argv) < 4:
    bound = socket.socket(socket.AF_UNIX)
    os.chdir(at(b'special'))
    bound.bind(b'socket')
    bound.close()
    os.chmod(b'socket', 0o755)

# Attributes: of users and of the administrator, empty and not text; ACLs; and a capability (cap_net_bind_service=ep).
path = write(at(b'attributes', b'marked'), b'x')
os.setxattr(path, b'user.colour', b'red')
os.setxattr(path, b'user.empty', b'')
os.setxattr(path, b'user.bytes', bytes(range(256)))
os.setxattr(path, b'trusted.overlay.opaque', b'y')
os.setxattr(at(b'attributes'), b'user.of a directory', b'blue')
path = write(at(b'attributes', b'shared'), b'x', 0o640)
os.setxattr(path, b'system.posix_acl_access', acl((USER_OBJ, 6, NOBODY), (USER, 4, 4711), (GROUP_OBJ, 4, NOBODY), (GROUP, 6, 4712), (MASK, 6, NOBODY), (OTHER, 0, NOBODY)))
os.mkdir(at(b'attributes', b'inherited'))
os.setxattr(at(b'attributes', b'inherited'), b'system.posix_acl_default', acl((USER_OBJ, 7, NOBODY), (USER, 5, 4711), (GROUP_OBJ, 5, NOBODY), (MASK, 5, NOBODY), (OTHER, 0, NOBODY)))
write(at(b'attributes', b'inherited', b'older than its ACL'), b'x', 0o600)
path = write(at(b'attributes', b'capable'), b'\x7fELF', 0o755)
os.setxattr(path, b'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 10, 0, 0, 0))
os.chown(at(b'attributes', b'marked'), 100_000, 100_001)

# Names.
odd = [b'line\nfeed', b'"double"', b"'single'", b'-rf', b'--delete', b' leading', b'trailing ', b'tab\there', b'back\\slash', b'\\001', b'$(id)', b'*', b'?', b'[a]', b'#x', b'~', b'\xff\xfe', b'caf\xe9', 'caf\u00e9'.encode(), 'cafe\u0301'.encode(), b'\x1b[31m', b'.hidden', b'..dots', b'n' * 255, b'.rsync.aB3dE6', b'ends with newline\n', b'%s%n', b'a:b', b'\r']
for number, name in enumerate(odd):
    write(at(b'names', name), b'%d' % number)
os.mkdir(at(b'names', b'directory\nof -x'))
write(at(b'names', b'directory\nof -x', b'-'), b'')
write(at(b'.dot file'), b'.')
os.mkdir(at(b'.dot directory'))
write(at(b'.dot directory', b'.inner'), b'.')

# Modes and owners.
for mode in (0o000, 0o4755, 0o2755, 0o6711, 0o1644, 0o7777, 0o200):
    os.chmod(write(at(b'modes', b'%o' % mode), b'm'), mode)
for mode in (0o1777, 0o2775, 0o3770, 0o000, 0o5500):
    os.mkdir(at(b'modes', b'd%o' % mode))
    write(at(b'modes', b'd%o' % mode, b'inner'), b'i')
    os.chmod(at(b'modes', b'd%o' % mode), mode)
os.chown(at(b'modes', b'200'), 0xFFFFFFFE, 0xFFFFFFFE)
os.chown(at(b'modes', b'4755'), 4711, 4712)
os.chmod(at(b'modes', b'4755'), 0o4755)

# A long path, and a binary file.
path = at(b'deep')
for _ in range(250):
    path = os.path.join(path, b'level')
    os.mkdir(path)
write(os.path.join(path, b'bottom'), b'bottom')
write(at(b'random'), rng.randbytes(3_000_001))
os.mkdir(at(b'empty', b'inside empty'))

# Many.
for number in range(small):
    if number % 1000 == 0:
        os.mkdir(at(b'many', b'%03d' % (number // 1000)))
    with open(at(b'many', b'%03d' % (number // 1000), b'%06d' % number), 'wb') as file:
        file.write(b'%d' % number)

# Times last, deepest first: nanoseconds, before 1970, after 2038.
moments = [1_000_000_000_123_456_789, 1, -1_000_000_001, 4_000_000_000_999_999_999, 1_700_000_000_000_000_001]
for here, directories, files in os.walk(root, topdown=False):
    if here.startswith(at(b'many', b'')):
        continue
    for number, name in enumerate(sorted(files) + sorted(directories)):
        moment = moments[number % len(moments)]
        os.utime(os.path.join(here, name), ns=(moment, moment), follow_symlinks=False)
os.setxattr(root, b'user.of the root', b'kept')
os.setxattr(root, b'system.posix_acl_default', acl((USER_OBJ, 7, NOBODY), (USER, 7, 4713), (GROUP_OBJ, 5, NOBODY), (MASK, 7, NOBODY), (OTHER, 5, NOBODY)))
os.chown(root, 33, 44)
os.chmod(root, 0o2751)
os.utime(root, ns=(moments[0], moments[0]))
