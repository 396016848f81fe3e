#!/usr/bin/env bash
# The limit of n as a program: one question per line on stdin, one answer per line on stdout.
while IFS= read -r question; do
  limit=4
  [[ $question == *'"enable_sequential":true'* ]] && limit=12
  if [[ $question == *'"model":"wan2.7-image'* && $question =~ \"n\":([0-9]+)(\.0)?[,}] ]] &&
    ((BASH_REMATCH[1] > limit)); then
    echo true # the body is refused
  else
    echo false
  fi
done
