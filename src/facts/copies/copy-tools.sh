# What a host has for copying with everything that a file has.

has() { command -v "$1" >/dev/null 2>&1; }
has rsync && rsync --version 2>/dev/null | tr '\n,' '  ' | sed -n 's/^ *rsync  *version v*\([0-9.]*\)/rsync \1 /p' && echo
cp --version 2>/dev/null | grep -q GNU && echo cp
tar --version 2>/dev/null | grep -q GNU && echo tar
find --version 2>/dev/null | grep -q GNU && has sha256sum && echo manifest
has getfattr && echo getfattr
has getfacl && echo getfacl
echo end
