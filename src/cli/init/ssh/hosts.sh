#!/bin/sh
# Stand-ins for the hosts of this estate: an SSH server for each site, on this machine, with keys of its own.
#
#   ./hosts.sh start        starts them, and makes keys if there are none
#   ./hosts.sh burn SITE    kills that of a site, and whatever still runs over it: nobody answers there any more
#   ./hosts.sh stop         kills all of them
#
# They listen on this machine only, and let in only the key that lies in ./keys. What steps do on a host is one line each
# in a file of its name in ./world.

set -eu
cd "$(dirname "$0")"
here=$PWD

port_of() {
  case $1 in
  north) echo 22101 ;;
  south) echo 22102 ;;
  *)
    echo "there is no site $1: north or south" >&2
    exit 2
    ;;
  esac
}

start() {
  sshd=$(command -v sshd || echo /usr/sbin/sshd)
  if [ ! -x "$sshd" ]; then
    echo 'there is no sshd on this machine: install openssh-server' >&2
    exit 1
  fi
  umask 077
  mkdir -p keys world
  [ -e keys/id ] || ssh-keygen -q -t ed25519 -N '' -C 'bonghwa stand-in' -f keys/id
  # As root, sshd wants this folder to lock itself up in.
  [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
  : >keys/known_hosts
  for site in north south; do
    port=$(port_of $site)
    [ -e keys/$site ] || ssh-keygen -q -t ed25519 -N '' -C "$site" -f keys/$site
    echo "[127.0.0.1]:$port $(cut -d ' ' -f 1,2 keys/$site.pub)" >>keys/known_hosts
    if alive $site; then
      continue
    fi
    cat >keys/$site.conf <<END
ListenAddress 127.0.0.1:$port
HostKey "$here/keys/$site"
PidFile "$here/keys/$site.pid"
AuthorizedKeysFile "$here/keys/id.pub"
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
SetEnv "WORLD=$here/world"
END
    "$sshd" -f "$here/keys/$site.conf" -E "$here/keys/$site.log"
  done
  for site in north south; do
    tries=50
    until alive $site; do
      tries=$((tries - 1))
      if [ $tries -eq 0 ]; then
        echo "the hosts of $site do not come up:" >&2
        tail -n 2 "keys/$site.log" >&2
        echo "(another folder may have its stand-ins on port $(port_of $site): ./hosts.sh stop there)" >&2
        exit 1
      fi
      sleep 0.1
    done
    echo "the hosts of $site answer on port $(port_of $site)"
  done
}

alive() {
  [ -s "keys/$1.pid" ] && kill -0 "$(cat "keys/$1.pid")" 2>/dev/null
}

burn() {
  port_of "$1" >/dev/null
  if alive "$1"; then
    server=$(cat "keys/$1.pid")
    # Connections first, which are children of the server, and then whoever could make new ones.
    pkill -KILL -P "$server" 2>/dev/null || true
    kill -KILL "$server"
  fi
  rm -f "keys/$1.pid"
  echo "nobody answers in $1 any more"
}

case ${1:-} in
start) start ;;
burn) burn "${2:-}" ;;
stop)
  burn north
  burn south
  ;;
*)
  echo 'usage: ./hosts.sh start | burn north | burn south | stop' >&2
  exit 2
  ;;
esac
