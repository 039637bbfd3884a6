#!/usr/bin/env bash
# Speak the sample greetings into sounds/, as A-law of 8 kHz: what most calls carry, so that
# nothing is converted while they play. Replace them with recordings of a human voice.

source "$(dirname "$0")/common.sh"

speak() {
  local language="$1" words="$2" spoken
  spoken="$(mktemp --suffix=.wav)"
  espeak-ng -v "$language" -s 150 -w "$spoken" -- "$words"
  sox "$spoken" -r 8000 -c 1 -t raw -e a-law "sounds/greeting-$language.alaw" gain -n -6
  rm "$spoken"
  say "sounds/greeting-$language.alaw"
}

mkdir -p sounds
speak ru 'Здравствуйте! Вы позвонили в магазин. Сейчас вам ответит оператор.'
speak uk 'Добрий день! Ви зателефонували до магазину. Зараз вам відповість оператор.'
speak en 'Hello! You have reached the shop. An agent will be with you in a moment.'
