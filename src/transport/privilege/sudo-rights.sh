# What sudo says of a user: the Defaults that hold for him, and his rules. Arguments: the user.

sudo -n -l -U "$1"
