# The digest of an empty request's content, which S3 wants to be told.
# shellcheck disable=SC2034 # for whoever sources it: nothing

nothing=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
