#!/bin/sh
# Runs a grid with curl and sh: claims each run, works, records. Start as many as you like, anywhere:
#   stet serve runs.csv &
#   sh worker.sh http://127.0.0.1:8787
set -eu
url=${1:-http://127.0.0.1:8787}

post() { # post claim '{…}': what the sidecar answers
  curl -sS --fail-with-body --retry 5 --retry-connrefused \
    -H 'Content-Type: application/json' \
    ${STET_TOKEN:+-H "Authorization: Bearer $STET_TOKEN"} \
    -d "$2" "$url/v1/$1"
}

for alpha in 0.1 0.5; do
  for seed in 1 2 3; do
    run="\"params\": {\"alpha\": $alpha, \"seed\": $seed}, \"key\": [\"alpha\", \"seed\"]"
    answer=$(post claim "{$run, \"lease_seconds\": 600, \"holder\": \"sh $$\"}")
    token=$(echo "$answer" | sed -n 's/.*"state":"claimed","token":"\([^"]*\)".*/\1/p')
    if [ -z "$token" ]; then # done, or another works on it
      echo "skipped alpha=$alpha seed=$seed"
      continue
    fi
    # The work: any program whose output is the result.
    if loss=$(awk "BEGIN { print $alpha * $seed }"); then
      post record "{$run, \"token\": \"$token\", \"result\": {\"loss\": $loss}}" > /dev/null
      echo "ran alpha=$alpha seed=$seed: loss $loss"
    else
      post fail "{$run, \"token\": \"$token\", \"error\": \"awk ended with $?\"}" > /dev/null
    fi
  done
done
