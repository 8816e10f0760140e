# Puts a session of the invoker role into this shell's AWS_* variables, with curl alone:
#
#     ROLE=… REGION=… . clients/curl/assume-role.sh
#
# Needs the caller's own credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if temporary, AWS_SESSION_TOKEN.
# They reach curl by a pipe: on a command line every user of the machine could read them.

_answer=$(
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' \
    "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "${AWS_SESSION_TOKEN:-}" |
    curl --config - --silent --show-error --retry 5 --retry-all-errors --aws-sigv4 "aws:amz:$REGION:sts" \
      --data Action=AssumeRole --data Version=2011-06-15 --data RoleSessionName=curl \
      --data-urlencode "RoleArn=$ROLE" "${AWS_ENDPOINT_URL_STS:-https://sts.$REGION.amazonaws.com}/"
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
unset _answer
unset -f _field
