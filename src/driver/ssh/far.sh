# Asks the wrapper on the far side, and prints what it says so that it can be told from whatever a login prints.
#
# Before it stand the assignments of: wrapper (its text), verb, key, nonce, and for `begin` line, piece, cap; for `follow`
# cap; for `kill` grace, how, way; for `forget` keys. Every line of ours begins with the nonce.

say() {
  printf '\n%s %s\n' "$nonce" "$*"
}

# Who we are, as a number. To ask a program costs far more than what a shell reads by itself, and this is done for every
# command on every host.
find_uid() {
  uid=
  if [ -r /proc/self/status ]; then
    while read -r word _ uid _; do
      [ "$word" = Uid: ] && break
      uid=
    done </proc/self/status
  fi
  [ -n "$uid" ] || uid=$(id -u)
}

# A private folder that outlives a login and a reboot, on the disk of this host: a home may be shared by many.
find_base() {
  umask 077
  find_uid
  for base in "/var/tmp/bonghwa-$uid" "${HOME:-/nowhere}/.bonghwa/records"; do
    is_new=
    [ -d "$base" ] || is_new=yes
    [ -z "$is_new" ] || mkdir -p "$base" 2>/dev/null
    if [ -d "$base" ] && [ ! -h "$base" ] && [ -O "$base" ] && [ -w "$base" ]; then
      # One that is ours and was there has been made for us alone.
      [ -z "$is_new" ] || chmod 700 "$base" 2>/dev/null || continue
      return 0
    fi
  done
  return 1
}

# In a shell of its own, as the wrapper expects it.
ask() {
  (
    set -- "$@"
    eval "$wrapper"
  )
}

begin() {
  if [ -e "$record/barred" ]; then
    say refused 'somebody was told that it was never begun, so it must not begin any more'
    return
  fi
  state=never
  [ -d "$record" ] && state=$(ask look "$record")
  if [ "$state" = never ]; then
    if ! command -v setsid >/dev/null 2>&1; then
      say refused 'this host has no setsid, without which a command dies with its connection'
      return
    fi
    if ! mkdir -p "$record" 2>/dev/null; then
      say refused 'the folder for its record can not be made: the disk may be full'
      return
    fi
    ask ask "$record"
    if [ ! -s "$record/asked" ]; then
      say refused 'its record can not be written: the disk may be full'
      return
    fi
    # After a crash of the host "never begun" must be true, and not only not kept.
    sync "$record/asked" "$record" "$base" 2>/dev/null
    BONGHWA_RECORD=$record BONGHWA_MASK=$masks BONGHWA_PIECE=$piece \
      setsid sh -c "$wrapper" bonghwa-wrapper run "$record" "$line" </dev/null >/dev/null 2>&1 &
    say begun 0
    wait
  fi
  follow
}

# How long ago it was begun, in hundredths of a second.
age() {
  age=0
  [ -r /proc/uptime ] && [ -s "$record/leader" ] || return 0
  read -r _ _ _ began <"$record/leader"
  read -r up _ </proc/uptime
  [ -n "$began" ] && age=$((${up%.*} * 100 + 1${up#*.} - 100 - began))
}

follow() {
  age
  say begun "$age"
  pause=0.05
  while :; do
    how=
    [ -s "$record/status" ] && read -r how <"$record/status" && how="ended $how"
    [ -n "$how" ] || how=$(ask look "$record")
    [ "$how" = alive ] || break
    sleep "$pause" 2>/dev/null || sleep 1
    pause=0.2
  done
  # Somebody whom it left behind may hold its output open.
  tries=40
  while [ "$tries" -gt 0 ] && [ -e "$record/pipe" ] && [ ! -e "$record/eof" ]; do
    sleep 0.05 2>/dev/null || sleep 1
    tries=$((tries - 1))
  done
  print_output
  say "$how"
}

# Of each piece of the output what can be needed: the first bytes, and the last.
print_output() {
  set +f
  total=0 sizes=
  for file in "$record"/out.*; do
    [ -s "$file" ] || continue
    from=${file##*.}
    size=$(($(wc -c <"$file")))
    sizes="$sizes $from:$size"
    [ "$((from + size))" -gt "$total" ] && total=$((from + size))
  done
  set -f
  for size in $sizes; do
    from=${size%%:*}
    size=${size#*:}
    file=$record/out.$from
    if [ "$from" -eq 0 ]; then
      part 0 "$cap"
    fi
    skip=$((total - cap - from))
    [ "$skip" -gt 0 ] || skip=0
    if [ "$from" -gt 0 ] || [ "$skip" -gt 0 ]; then
      part "$skip" "$size"
    fi
  done
  say total "$total"
}

# Prints bytes of $file from $1 on, at most $2 of them, behind their place and number.
part() {
  count=$((size - $1))
  [ "$count" -gt "$2" ] && count=$2
  [ "$count" -gt 0 ] || return 0
  say piece "$((from + $1))" "$count"
  tail -c "+$(($1 + 1))" "$file" | head -c "$count"
}

# Takes away the records of what ended well. Where somebody whom it left behind still writes, or where it ended otherwise,
# the record is still needed.
forget() {
  for key in $keys; do
    record=$base/$key
    how=
    [ -s "$record/status" ] && read -r how <"$record/status"
    if [ "$how" = 'exit 0' ] && [ -e "$record/eof" ]; then
      rm -rf "$record"
    fi
  done
}

main() {
  say here
  if ! find_base; then
    say refused 'there is no folder of ours to be had for its record, neither in /var/tmp nor at home'
    return
  fi
  record=$base/$key
  case $verb in
  begin) begin ;;
  follow)
    state=$(ask inquire "$record")
    case $state in
    never) say never ;;
    *) follow ;;
    esac
    ;;
  inquire)
    # A shell of an earlier connection may still be about to begin it.
    mkdir -p "$record" 2>/dev/null
    [ -s "$record/asked" ] || ask ask "$record"
    state=$(ask inquire "$record")
    [ "$state" = never ] && : >"$record/barred"
    case $state in
    ended*) follow ;;
    *) say "$state" ;;
    esac
    ;;
  forget)
    forget
    say dead
    ;;
  kill)
    # Where it was never begun, it may be about to be: then it must find that it was killed.
    mkdir -p "$record" 2>/dev/null && { [ -s "$record/asked" ] || ask ask "$record"; }
    if [ -d "$record" ]; then
      say "$(ask kill "$record" "$grace" "$how" "$way")"
    else
      say dead
    fi
    ;;
  esac
  say done
}

set -f
main
exit 0
