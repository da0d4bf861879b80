# Runs a command so that it outlives whoever asked for it, and keeps a record of it in a private folder.
#
#   sh -c THIS bonghwa-wrapper ask RECORD              writes down that it is about to be run
#   sh -c THIS bonghwa-wrapper run RECORD LINE         as the leader of a session of its own; the command is LINE
#   sh -c THIS bonghwa-wrapper look RECORD             says: never | alive | gone | ended HOW
#   sh -c THIS bonghwa-wrapper inquire RECORD          the same, and what was never begun will not begin of itself any more
#   sh -c THIS bonghwa-wrapper kill RECORD GRACE HOW [LINE]  says: dead | alive
#
# HOW is `exit N`, `killed`, `timed-out` or `not-begun WHY`. The record holds
#   asked    the boot in which somebody wanted it; comes before `run`, and survives a crash of the machine
#   leader   boot, process, group and its start: once it is there the command may have begun. With the boot alone it
#            stands for nobody, so that nobody can begin it
#   out.N    output from byte N on: the first piece, and the last two
#   eof      there is no more output
#   killing  how it is to be called if it ends from now on
#   status   HOW it ended
# POSIX sh and common tools only: it runs on far sides that nobody has seen. It never prints what the command prints,
# and no value of a secret is ever among its arguments.

set -uf
umask 077
verb=$1
record=$2
line_end='
'
has_proc=
[ -r /proc/self/stat ] && has_proc=yes

boot_now() {
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    read -r boot </proc/sys/kernel/random/boot_id
  else
    boot=$(sysctl -n kern.boottime 2>/dev/null | tr -c '0-9\n' '-')
  fi
}

# What stands in /proc/PID/stat behind the name, which may hold anything, also brackets and line ends.
stat_of() {
  stat=
  { while IFS= read -r row; do stat="$stat $row"; done <"/proc/$1/stat"; } 2>/dev/null
  stat=${stat##*") "}
  [ -n "$stat" ]
}

# When process $1 was started; nothing if it is dead.
start_of() {
  start=
  if [ -n "$has_proc" ]; then
    stat_of "$1" || return 0
    set -- $stat
    case $1 in Z | X | x) return 0 ;; esac
    shift 19
    start=$1
  else
    start=$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '-')
  fi
}

# The processes of group $1 that are not dead.
members_of() {
  members=
  if [ -n "$has_proc" ]; then
    set +f
    for folder in /proc/[0-9]*; do
      stat_of "${folder#/proc/}" || continue
      # Behind the group that is looked for: state, parent, group.
      set -- "$1" $stat
      case $2 in Z | X | x) continue ;; esac
      [ "$4" = "$1" ] && members="$members ${folder#/proc/}"
    done
    set -f
  else
    members=$(ps -A -o pid= -o pgid= -o state= | while read -r pid group state; do
      case $state in Z*) continue ;; esac
      [ "$group" = "$1" ] && printf ' %s' "$pid"
    done)
  fi
}

# Whether one of $members was started for this record: a number may have been given to somebody else since.
are_ours() {
  for member in $members; do
    tr '\000' '\n' <"/proc/$member/environ" 2>/dev/null | grep -qxF "BONGHWA_RECORD=$record" && return 0
  done
  return 1
}

write() {
  printf '%s\n' "$2" >"$record/$1.$$" && mv -f "$record/$1.$$" "$record/$1"
}

# The leader, if it was begun in this boot: into $process, $group and $began.
leader_now() {
  boot_now
  process= group= began= its_boot=
  [ -s "$record/leader" ] && read -r its_boot process group began <"$record/leader"
  [ -n "$group" ] && [ "$its_boot" = "$boot" ]
}

# The members that are certainly of this record, into $members.
ours_now() {
  members=
  leader_now || return 0
  start_of "$process"
  is_leader=
  [ -n "$start" ] && [ "$start" = "$began" ] && is_leader=yes
  # Somebody else leads a group of this number now.
  [ -z "$is_leader" ] && [ -n "$start" ] && return 0
  members_of "$group"
  [ -n "$is_leader" ] || are_ours || members=
}

ended() {
  how=
  [ -s "$record/status" ] && read -r how <"$record/status"
  [ -n "$how" ]
}

nap() {
  sleep 0.05 2>/dev/null || sleep 1
}

# Sees to it that nobody begins it from now on, unless somebody did already.
forestall() {
  [ -s "$record/asked" ] && ln "$record/asked" "$record/leader" 2>/dev/null
}

look() {
  ended && echo "ended $how" && return
  ours_now
  # It may have ended while we looked.
  ended && echo "ended $how" && return
  if [ -n "$members" ]; then
    echo alive
  elif [ -n "$group" ]; then
    # It may have been killed, and nobody has written it down yet.
    how=gone
    [ "$its_boot" = "$boot" ] && [ -s "$record/killing" ] && read -r how <"$record/killing" && how="ended $how"
    echo "$how"
  else
    # Where the machine went down before anything was kept, nobody knows.
    asked=$boot
    [ -s "$record/asked" ] && read -r asked <"$record/asked"
    if [ "$asked" = "$boot" ]; then echo never; else echo gone; fi
  fi
}

# Waits until nothing of it lives, for at most $1 naps.
await_death() {
  tries=$1
  while :; do
    ours_now
    [ -z "$members" ] && return 0
    [ "$tries" -gt 0 ] || return 1
    nap
    tries=$((tries - 1))
  done
}

end_it() {
  # Also whoever wants it begun anew sees that it was killed.
  forestall && write killing "$2"
  ours_now
  if [ -n "$members" ]; then
    # Before anything is killed, so that however it ends from now on is not taken for its own end.
    ended || write killing "$2"
    if [ -n "$3" ]; then
      BONGHWA_GROUP=$group sh -c "$3" </dev/null >/dev/null 2>&1 &
      line=$!
    fi
    kill -TERM "-$group" 2>/dev/null
    if ! await_death "$(($1 * 20))"; then
      kill -KILL "-$group" 2>/dev/null
      await_death 60
    fi
    [ -n "$3" ] && kill -KILL "$line" 2>/dev/null
    if [ -n "$members" ]; then
      echo alive
      return
    fi
    ended || write status "$2"
  fi
  echo dead
}

# Bytes of stdin in octal, so that a shell can hold all of them: \0141\0142.
octal() {
  od -An -v -to1 | sed -e 's/ *\([0-7][0-7][0-7]\)/\\0\1/g' -e 's/ *$//'
}

# Takes every secret out of what stdin has in octal, behind what was held back before. Says in one line what is
# held back now, because it may be the beginning of a secret, and in a second one the rest and a dot.
mask() {
  BONGHWA_MASK=$masks BONGHWA_HELD=$held awk '
    BEGIN { count = split(ENVIRON["BONGHWA_MASK"], secret, " "); text = ENVIRON["BONGHWA_HELD"] }
    { text = text $0; some = 1 }
    END {
      if (!some) exit
      for (i = 1; i <= count; i++) {
        clean = ""
        while ((at = index(text, secret[i])) > 0) {
          clean = clean substr(text, 1, at - 1) "\\0052\\0052\\0052"
          text = substr(text, at + length(secret[i]))
        }
        text = clean text
      }
      held = 0
      for (i = 1; i <= count; i++) {
        for (part = length(secret[i]) - 5; part > held; part -= 5) {
          if (substr(text, length(text) - part + 1) == substr(secret[i], 1, part)) held = part
        }
      }
      print substr(text, length(text) - held + 1)
      print substr(text, 1, length(text) - held) "."
    }'
}

# Appends what stdin has next to $piece. Fails when there is no more.
take() {
  if [ -z "$masks" ]; then
    # No record at all is the end: to be told so costs less than to look at the size.
    case $(LC_ALL=C dd bs=65536 count=4 2>&1 >>"$piece" || echo failed) in
    *failed) return 2 ;;
    0+0*) return 1 ;;
    [1-9]* | 0+[1-9]*) return 0 ;;
    esac
    # A dd that says nothing of the kind.
    before=$size
    size=$(($(wc -c <"$piece")))
    [ "$size" -gt "$before" ]
    return
  else
    bytes=$(dd bs=16384 count=1 2>/dev/null | octal | mask)
    if [ -z "$bytes" ]; then
      printf '%b' "$held" >>"$piece"
      return 1
    fi
    # Only what is short is looked for from the beginning: shells take the square of its length.
    held=${bytes%%"$line_end"*}
    bytes=${bytes#"$held$line_end"}
    bytes=${bytes%.}
    printf '%b' "$bytes" >>"$piece" || return 2
  fi
}

# Keeps the beginning and the end of stdin in pieces that are called by their first byte. Reads on, whatever happens:
# the command must never wait for a reader, nor die of one.
keep() {
  trap '' TERM INT HUP QUIT
  at=0 size=0 held= older=
  piece=$record/out.0
  : 2>/dev/null >"$piece" || exec cat >/dev/null
  while :; do
    take 2>/dev/null
    case $? in
    0) ;;
    1) break ;;
    *) exec cat >/dev/null ;;
    esac
    size=$(($(wc -c <"$piece")))
    if [ "$size" -ge "$limit" ]; then
      [ -n "$older" ] && rm -f "$older"
      [ "$at" -gt 0 ] && older=$piece
      at=$((at + size)) size=0
      piece=$record/out.$at
      : 2>/dev/null >"$piece" || exec cat >/dev/null
    fi
  done
  : >"$record/eof"
}

refuse() {
  write status "not-begun $1"
  exit 0
}

run() {
  limit=${BONGHWA_PIECE:-32768}
  masks=${BONGHWA_MASK:-}
  unset BONGHWA_PIECE BONGHWA_MASK
  # It outlives what is sent to its group until it has written down how the command ended.
  trap : TERM INT HUP QUIT
  boot_now
  start_of $$
  [ -n "$boot" ] && [ -n "$start" ] || refuse 'this machine does not say when it and its processes were started'
  # Only one can make this link, so nothing is begun twice.
  printf '%s %s %s %s\n' "$boot" $$ $$ "$start" >"$record/leader.$$" || exit 1
  # What it was made from stays: it harms nobody, and to take it away would cost as much as the link.
  ln "$record/leader.$$" "$record/leader" 2>/dev/null || { rm -f "$record/leader.$$"; exit 0; }
  if [ -s "$record/killing" ]; then
    read -r how <"$record/killing"
    write status "$how"
    exit 0
  fi
  mkfifo "$record/pipe" || refuse 'there is no pipe to be had in the folder of its record'
  # Open at both ends before anybody waits for the other one: whoever keeps the output would wait for ever where we are
  # killed before there is a command, and be taken for it. A shell that can't do so goes on without.
  { command exec 3<>"$record/pipe"; } 2>/dev/null
  { exec 3>&-; keep; } <"$record/pipe" &
  input=/dev/null
  [ -e "$record/stdin" ] && input=$record/stdin
  sh -c "$1" <"$input" >"$record/pipe" 2>&1 3>&-
  how="exit $?"
  exec 3>&-
  [ -s "$record/killing" ] && read -r how <"$record/killing"
  write status "$how"
}

case $verb in
ask)
  boot_now
  process=
  [ -s "$record/leader" ] && read -r asked process <"$record/leader"
  [ -n "$process" ] || [ ! -e "$record/leader" ] || rm -f "$record/leader"
  # Where it is new, nobody can read half of what he knew before.
  if [ -e "$record/asked" ]; then write asked "$boot"; else printf '%s\n' "$boot" >"$record/asked"; fi
  ;;
run) run "$3" ;;
look) look ;;
inquire)
  forestall
  look
  ;;
kill) end_it "$3" "$4" "${5:-}" ;;
esac
