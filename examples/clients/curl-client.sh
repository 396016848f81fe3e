#!/usr/bin/env bash
# A careful client of the API with curl: creates a task, waits for it, saves its pictures.
# It takes its order from the environment, as `wan-conformance client -- ./curl-client.sh` sets it.
set -uo pipefail

cannot=77          # the exit code for an order that this client does not offer
until=$((SECONDS + WAN_TIMEOUT))

fail() { echo "$*" >&2; exit 1; }

check_time() {
    ((SECONDS < until)) || fail "timed out; the task is ${task:-not known}"
}

left() {           # the remaining seconds for one request, at least one
    echo $((until > SECONDS ? until - SECONDS : 1))
}

member() {         # the first text member of this name in the JSON of stdin
    grep -o "\"$1\" *: *\"[^\"]*\"" | head -n 1 | sed 's/^[^:]*: *"//; s/"$//'
}

api() {            # METHOD PATH [curl options]: prints the body, then the status on a separate line
    local method=$1 path=$2
    shift 2
    curl --silent --show-error --max-time "$(left)" --dump-header "$headers" --write-out '\n%{http_code}' \
        --request "$method" --header @<(echo "Authorization: Bearer $DASHSCOPE_API_KEY") \
        "$@" "$DASHSCOPE_HTTP_BASE_URL$path"
}

pause() {          # after a refusal for overload: the time that the service states, else two seconds
    local seconds
    seconds=$(sed -n 's/^retry-after: *\([0-9]*\).*/\1/Ip' "$headers")
    sleep "${seconds:-2}"
}

headers=$(mktemp)
trap 'rm -f "$headers"' EXIT

[[ $WAN_CALL == async ]] || exit $cannot
case $WAN_MODEL in
    wan2.7-* | wan2.6-*)
        path=/services/aigc/image-generation/generation
        content=$(sed 's/.*/{"image": "&"},/' <<<"$WAN_IMAGES")
        input="{\"messages\": [{\"role\": \"user\", \"content\": [$content {\"text\": \"$WAN_PROMPT\"}]}]}"
        ;;
    wan2.5-*)
        path=/services/aigc/image2image/image-synthesis
        images=$(sed 's/.*/"&"/' <<<"$WAN_IMAGES" | paste -sd ,)
        input="{\"prompt\": \"$WAN_PROMPT\", \"images\": [$images]}"
        ;;
    *) exit $cannot ;;
esac

# The create is billed: it is sent again only if the service states that it has not accepted it.
while true; do
    check_time
    answer=$(api POST "$path" --header 'X-DashScope-Async: enable' --header 'Content-Type: application/json' \
        --data "{\"model\": \"$WAN_MODEL\", \"input\": $input, \"parameters\": $WAN_PARAMETERS}") ||
        fail "the service may have accepted the call: look for its task before you send it again"
    case ${answer##*$'\n'} in
        200) break ;;
        429) pause ;;
        *) fail "refused: $answer" ;;
    esac
done
task=$(member task_id <<<"$answer")
[[ -n $task ]] || fail "the answer has no task: $answer"
echo "task $task"

gap=1
while true; do
    check_time
    sleep $(($(left) < gap ? $(left) : gap))
    gap=$((gap * 2 > 10 ? 10 : gap * 2))
    answer=$(api GET "/tasks/$task") || continue
    [[ ${answer##*$'\n'} == 200 ]] || { pause; continue; }
    case $(member task_status <<<"$answer") in
        SUCCEEDED) break ;;
        FAILED | CANCELED | UNKNOWN) fail "the task ended without pictures: $answer" ;;
    esac
done

# All pictures, in any member. The links are signed, so the key is not sent.
number=0
while read -r link; do
    number=$((number + 1))
    curl --silent --show-error --fail --retry 3 --max-time "$(left)" --output "$WAN_OUT/$number.png" "$link" ||
        fail "picture $number was not saved"
done < <(grep -oE '"(image|url)" *: *"[^"]*"' <<<"$answer" | sed 's/^[^:]*: *"//; s/"$//')
((number > 0)) || fail "the task has no pictures: $answer"
