# What a directory holds that not every way of copying can carry over. Argument: the directory.

[ -d "$1" ] || {
  echo 'sockets 0'
  echo 'fixed 0'
  exit 0
}
cd -P -- "$1" || exit 1
echo "sockets $(find . -xdev -type s -printf x | wc -c)"
find . -xdev \( -type f -o -type d \) -exec lsattr -d -- {} + 2>/dev/null | LC_ALL=C awk '
  /^[-A-Za-z]*[ai][-A-Za-z]* \./ && length($1) > 9 { if (fixed++ < 3) { sub(/^[^ ]* /, ""); first[fixed] = $0 } }
  END { print "fixed", fixed + 0; for (n = 1; n <= 3 && n <= fixed; n++) print first[n] }'
