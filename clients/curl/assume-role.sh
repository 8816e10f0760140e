# Puts a session of the invoker role into this shell's AWS_* variables, with curl alone:
#
#     ROLE=… REGION=… . clients/curl/assume-role.sh
#
# Needs the caller's own credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if temporary, AWS_SESSION_TOKEN.
# They reach curl by a pipe: on a command line every user of the machine could read them.

# An emulator on this machine takes all of AWS's place; nothing else gets a signed request in plain HTTP.
case ${ENDPOINT:-} in
  http://*) _sts=${ENDPOINT#http://} _sts=http://${_sts%%/*}/ ;;
  *) _sts=https://sts.$REGION.amazonaws.com/ ;;
esac
_sts=${AWS_ENDPOINT_URL_STS:-$_sts}
case $_sts in
  http://127.0.0.1[:/]* | http://localhost[:/]* | 'http://[::1]'[:/]*) _way='noproxy = "*"' ;;
  https://*) _way='proto = "=https"' ;;
  *) _way='proto = "=https"
retry = 0' ;; # refused, however often
esac
_answer=$(
  # A person's .curlrc may follow redirects or print what is sent: none is read.
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n%s\n' \
    "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "${AWS_SESSION_TOKEN:-}" "$_way" |
    curl --disable --retry 5 --retry-all-errors --retry-max-time 60 --config - --silent --show-error --no-location \
      --aws-sigv4 "aws:amz:$REGION:sts" \
      --data Action=AssumeRole --data Version=2011-06-15 --data RoleSessionName=curl \
      --data-urlencode "RoleArn=$ROLE" "$_sts"
)
_field() { printf '%s' "$_answer" | tr -d '\n' | sed -n "s|.*<$1>\([^<]*\)</$1>.*|\1|p"; }
if [ -n "$(_field SecretAccessKey)" ]; then
  AWS_ACCESS_KEY_ID=$(_field AccessKeyId)
  AWS_SECRET_ACCESS_KEY=$(_field SecretAccessKey)
  AWS_SESSION_TOKEN=$(_field SessionToken)
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
else
  echo "the role $ROLE was not assumed: $(_field Code) $(_field Message)" >&2
fi
unset _answer _sts _way
unset -f _field
