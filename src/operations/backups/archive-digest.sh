# Digest and size of an archive, by its manifest, which was written when the archive had been read again. Argument: the
# manifest.

sed -n 's/.*"sha256":"\([0-9a-f]\{64\}\)","bytes":\([0-9]*\),.*/\1 \2/p' -- "$1"
