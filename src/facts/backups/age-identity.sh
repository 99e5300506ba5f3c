# A file with a key that age decrypts with. Nobody but age takes the key from it; only what is public of it is printed.
# Argument: the path.

. ../host/private-file.sh
file=$1
[ -e "$file" ] || {
  echo missing
  exit
}
[ -f "$file" ] || {
  echo other
  exit
}
own=no locked=no
[ ! -O "$file" ] || own=yes
head -c 64 -- "$file" | grep -aq -e '^age-encryption.org/' -e '^-----BEGIN AGE ENCRYPTED FILE' && locked=yes
printf 'file %s %s %s\n' "$own" "$(stat -L -c %a -- "$file")" "$locked"
why=$(private_file "$file")
[ -z "$why" ] || printf 'exposed %s\n' "$why"
if [ "$own" = yes ] && command -v age-keygen >/dev/null 2>&1; then age-keygen -y "$file" 2>/dev/null </dev/null | grep '^age1[0-9a-z]*$'; fi
echo end
