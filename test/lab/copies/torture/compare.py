"""Whether two trees are the same, themselves included, read with nothing that plimsoll uses: lstat with
nanoseconds, extended attributes (which ACLs and capabilities are), contents, holes, and which names are one file.

compare.py A B      prints "identical N", or up to 50 differences and ends with status 1
compare.py A        prints a digest of everything that A is"""
import hashlib, os, stat, sys

BLOCK = 4096


def content(path, size):
    """Of every block that is not all zeros, its place and digest: the same however the holes lie."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME)
    try:
        offset = 0
        while offset < size:
            try:
                offset = os.lseek(descriptor, offset, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(descriptor, offset, os.SEEK_HOLE)
            offset -= offset % BLOCK
            while offset < end:
                block = os.pread(descriptor, BLOCK, offset)
                if not block:
                    break
                if block.strip(b'\0'):
                    digest.update(b'%d ' % offset + block)
                offset += BLOCK
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def attributes(path):
    return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in sorted(os.listxattr(path, follow_symlinks=False))}


def read(root):
    found, groups = {}, {}
    pending = [b'']
    while pending:
        name = pending.pop()
        path = os.path.join(root, name) if name else root
        status = os.lstat(path)
        kind = stat.S_IFMT(status.st_mode)
        is_directory = stat.S_ISDIR(status.st_mode)
        found[name] = {
            'kind': kind,
            'mode': oct(stat.S_IMODE(status.st_mode)),
            'owner': (status.st_uid, status.st_gid),
            'mtime': status.st_mtime_ns,
            'size': None if is_directory else status.st_size,
            'names': None if is_directory else status.st_nlink,
            'device': status.st_rdev if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode) else None,
            'target': os.readlink(path) if stat.S_ISLNK(status.st_mode) else None,
            'content': content(path, status.st_size) if stat.S_ISREG(status.st_mode) else None,
            'attributes': attributes(path),
            'blocks': status.st_blocks if stat.S_ISREG(status.st_mode) else 0,
        }
        if is_directory:
            pending += [os.path.join(name, entry) for entry in os.listdir(path)]
        else:
            groups.setdefault((status.st_dev, status.st_ino), []).append(name)
    for names in groups.values():
        for name in names:
            found[name]['same file as'] = sorted(names)
    return found


def differences(a, b):
    for name in sorted(a.keys() | b.keys()):
        if name not in a or name not in b:
            yield '%r is only in the %s' % (name, 'first' if name in a else 'second')
            continue
        for key in a[name]:
            if key != 'blocks' and a[name][key] != b[name].get(key):
                yield '%r: %s is %r and %r' % (name, key, a[name][key], b[name].get(key))
        # As sparse as it was, but for what file systems do at their discretion.
        if b[name]['blocks'] > a[name]['blocks'] + 256:
            yield '%r: takes %d blocks instead of %d' % (name, b[name]['blocks'], a[name]['blocks'])


os.umask(0)
first = read(os.fsencode(sys.argv[1]))
if len(sys.argv) == 2:
    print(hashlib.sha256(repr(sorted(first.items())).encode()).hexdigest())
    sys.exit(0)
all_of_them = list(differences(first, read(os.fsencode(sys.argv[2]))))
print('\n'.join(all_of_them[:50]) if all_of_them else 'identical %d' % len(first))
sys.exit(1 if all_of_them else 0)
