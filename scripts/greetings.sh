#!/usr/bin/env bash
# Speak the sample prompts into sounds/, as A-law of 8 kHz: what most calls carry, so that
# nothing is converted while they play. Replace them with recordings of a human voice.

source "$(dirname "$0")/common.sh"

speak() {
  local name="$1" language="$2" words="$3" spoken
  spoken="$(mktemp --suffix=.wav)"
  espeak-ng -v "$language" -s 150 -w "$spoken" -- "$words"
  sox "$spoken" -r 8000 -c 1 -t raw -e a-law "sounds/$name-$language.alaw" gain -n -6
  rm "$spoken"
  say "sounds/$name-$language.alaw"
}

mkdir -p sounds
speak greeting ru 'Здравствуйте! Вы позвонили в магазин. Сейчас вам ответит оператор.'
speak greeting uk 'Добрий день! Ви зателефонували до магазину. Зараз вам відповість оператор.'
speak greeting en 'Hello! You have reached the shop. An agent will be with you in a moment.'
# To a customer whose agent's phone was lost in the middle of the call.
speak reconnect ru 'Связь с оператором прервалась. Пожалуйста, оставайтесь на линии.'
speak reconnect uk "Зв'язок з оператором перервався. Будь ласка, залишайтеся на лінії."
speak reconnect en 'The connection to your agent was lost. Please stay on the line.'
