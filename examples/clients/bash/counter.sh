#!/usr/bin/env bash
# Counts in Redis through failovers, one line for each number that the primary acknowledged. Needs curl and flock.
#
#   ./counter.sh mymaster http://host-1:8700 http://host-2:8700 http://host-3:8700
#   17 1767225600123.4        the number, and when: milliseconds since the epoch
#
# Each number is a field of the hash $COUNTER ("counter" unless set), so that none can hide another's loss.
#
# A background job waits at a sentinel for the next primary (the long poll) and writes it to a file. A connection
# that is lost, or whose node has become a replica, asks the sentinels again. The term only grows: an answer with
# a lower one is older, and is not believed.
set -uo pipefail
export LC_ALL=C

if [ $# -lt 2 ]; then
    echo "usage: $0 GROUP URL..." >&2
    exit 2
fi
group=$1
shift
sentinels=("$@")

scratch=$(mktemp -d)
known=$scratch/primary
trap 'kill -- "-$follower" 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 143' TERM INT
trap '' PIPE # a connection that is gone is an error of the command that finds it so

# fetch URL QUERY SECONDS: prints "TERM HOST PORT"
fetch() {
    local answer
    answer=$(curl --silent --fail --noproxy '*' --max-time "$3" "$1/v1/groups/$group/primary$2") || return 1
    [[ $answer =~ \"host\":\"([^\"]+)\" ]] || return 1
    local host=${BASH_REMATCH[1]}
    [[ $answer =~ \"port\":([0-9]+) ]] || return 1
    local port=${BASH_REMATCH[1]}
    [[ $answer =~ \"term\":([0-9]+) ]] || return 1
    echo "${BASH_REMATCH[1]} $host $port"
}

# learn TERM HOST PORT: the follower does, and who asks; neither may undo what the other has learned
learn() (
    flock 9
    term=0
    [ -e "$known" ] && read -r term _ <"$known"
    [ "$1" -le "$term" ] && return
    echo "$*" >"$known.new" && mv "$known.new" "$known"
) 9>"$known.lock"

ask() {
    local url found
    for url in "${sentinels[@]}"; do
        # shellcheck disable=SC2086 # three words
        found=$(fetch "$url" "" 1) && learn $found && return
    done
    return 1
}

follow() {
    local turn=0 term found
    while kill -0 $$ 2>/dev/null; do
        term=0
        [ -e "$known" ] && read -r term _ <"$known"
        if found=$(fetch "${sentinels[turn % ${#sentinels[@]}]}" "?after_term=$term&wait=30s" 31); then
            # shellcheck disable=SC2086
            learn $found
        else
            turn=$((turn + 1))
            sleep 0.05
        fi
    done
}

connected=""

disconnect() {
    { exec 3>&-; } 2>/dev/null
    connected=""
}

connect() {
    local host port
    read -r _ host port <<<"$1"
    { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null && connected=$1
}

# redis WORD...: sends an inline command, and sets $reply to the first line of the answer
redis() {
    local primary=""
    reply=""
    [ -e "$known" ] || ask
    [ -e "$known" ] && primary=$(<"$known")
    if [ -z "$connected" ] || [ "$connected" != "$primary" ]; then
        disconnect
        connect "$primary" || return
    fi
    { printf '%s\r\n' "$*" >&3 && IFS= read -r -t 2 reply <&3; } 2>/dev/null || return
    reply=${reply%$'\r'}
    [ "${reply:0:1}" != "-" ]
}

set -m # a group of its own, so that its curl ends with it
follow &
follower=$!
set +m
number=1
while true; do
    if redis HSET "${COUNTER:-counter}" "$number" 1; then
        printf '%d %s.%s\n' "$number" $((${EPOCHREALTIME/./} / 1000)) $((${EPOCHREALTIME/./} % 1000 / 100))
        number=$((number + 1))
        sleep 0.005
    else
        # The number may be there nevertheless: setting its field once more does no harm.
        echo "$number failed: ${reply:-connection lost}" >&2
        disconnect
        ask
        sleep 0.05
    fi
done
