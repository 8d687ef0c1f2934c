#!/bin/sh
# Estimates pi from darts: estimate_pi.sh <darts> <seed>
echo "throwing $1 darts"
awk -v darts="$1" -v seed="$2" 'BEGIN {
  srand(seed)
  for (i = 0; i < darts; i++) { x = rand(); y = rand(); if (x * x + y * y < 1) hits++ }
  printf "{\"pi\": %.6f, \"hits\": %d}\n", 4 * hits / darts, hits
}'
