#!/bin/sh
# Sends a file of records and prints the predictions, with curl alone:
#
#     ENDPOINT=… REGION=… sh clients/curl/predict.sh records.json
#
# Signs with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if temporary, AWS_SESSION_TOKEN. They reach curl by a pipe: on
# a command line every user of the machine could read them.

set -u
ATTEMPTS=${ATTEMPTS:-6}
LONGEST_WAIT=${LONGEST_WAIT:-20} # seconds, also where the endpoint asks for more
GZIP_FROM=16384 # bytes

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Where a signed request may go.
address=${ENDPOINT%/}/
host=${address#*://}
host=${host%%/*}
case $host in
  *@*) fail "the endpoint must not hold a user name or password; credentials come from AWS's own chain" ;;
esac
case $address in
  https://*) ;;
  http://127.0.0.1[:/]* | http://localhost[:/]* | 'http://[::1]'[:/]*) ;;
  *) fail "the endpoint must begin with https://; plain http is only for an emulator on this machine" ;;
esac
case $host in
  *.lambda-url."$REGION".on.aws) ;;
  *.lambda-url.*.on.aws)
    lives_in=${host#*.lambda-url.}
    fail "wrong region: the endpoint is in ${lives_in%.on.aws}, requests would be signed for $REGION and refused;" \
      "leave the region out, it stands in the endpoint's name"
    ;;
esac

records=${1:?give a file of records}
[ -r "$records" ] || fail "$records cannot be read"
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A person's .curlrc may follow redirects or print what is sent: none is read.
set -- --disable --config - --silent --show-error --no-location --connect-timeout 10 --max-time 90 \
  --aws-sigv4 "aws:amz:$REGION:lambda" --output "$folder/answer" --dump-header "$folder/headers" \
  --write-out '%{http_code}' --request POST
case $address in http://*) set -- "$@" --noproxy '*' ;; esac # a proxy would read it
if [ "$(wc -c <"$records")" -ge "$GZIP_FROM" ] && command -v gzip >/dev/null; then
  gzip -1c "$records" >"$folder/body" || exit 1
  # Without its type: a Function URL hands over as text whatever is called JSON, and bytes that are no text are lost.
  set -- "$@" --header 'content-type:' --header 'content-encoding: gzip' --data-binary "@$folder/body"
else
  set -- "$@" --header 'content-type: application/json' --data-binary "@$records"
fi

ask() {
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' \
    "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "${AWS_SESSION_TOKEN:-}" | curl "$@" "$address" 2>"$folder/reason"
}
header() {
  tr -d '\r' <"$folder/headers" | awk -v name="$1:" '
    tolower(substr($0, 1, length(name))) == name { sub(/^[^:]*: */, ""); value = $0 } END { print value }'
}
reason() { sed 's/^curl: ([0-9]*) *//;q' "$folder/reason"; }

attempt=1
while :; do
  : >"$folder/answer" >"$folder/headers"
  status=$(ask "$@")
  ended=$?
  case $ended in
    0) last="the last answer was $status" ;;
    51 | 60) fail "the certificate of $host is not trusted ($(reason)), so nothing was sent;" \
      "if a proxy on the way opens TLS, name its certificate in CURL_CA_BUNDLE" ;;
    *) last="the connection failed: $(reason)" status=000 ;;
  esac
  case $status in
    000 | 429 | 502 | 503 | 504) ;;
    *) break ;;
  esac
  [ "$attempt" -lt "$ATTEMPTS" ] || fail "$host gave no answer in $attempt attempts; $last"
  # Full jitter, and at least what the endpoint asks for.
  sleep "$(awk -v pid="$$" -v attempt="$attempt" -v asked="$(header retry-after)" -v cap="$LONGEST_WAIT" 'BEGIN {
    srand(); srand(srand() + pid); backoff = 2 ^ (attempt - 3); if (backoff > cap) backoff = cap
    wait = rand() * backoff; if (asked ~ /^[0-9]+$/ && asked + 0 > wait) wait = asked + 0
    print (wait > cap ? cap : wait) }')"
  attempt=$((attempt + 1))
done

case $status in
  2??) cat "$folder/answer" && echo ;;
  3??)
    target=$(header location)
    case $target in
      *//*) where=${target#*//} where=${where%%[/?#]*} where=${where##*@} where=${where%%:*} ;;
      /*) where="another path" ;;
      *) where=elsewhere ;;
    esac
    case $where in "another path") ;; *[!A-Za-z0-9_.-]*) where=elsewhere ;; esac
    fail "$status: the answer is a redirect to $where, which is not followed: a signed request goes to the endpoint and" \
      "nowhere else; check the endpoint's address"
    ;;
  *)
    printf 'error: %s: ' "$status" >&2
    cat "$folder/answer" >&2
    echo >&2
    exit 1
    ;;
esac
