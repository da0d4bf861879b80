# Stops the database of a site, and moves what it keeps to where nobody starts it.
set -u
data="LAB/pg-$1"
if test -d "$data"; then
  setpriv --reuid=postgres --regid=postgres --init-groups BIN/pg_ctl -D "$data" -m immediate -t 5 stop
  mv "$data" "$data.fenced" || exit 1
fi
if BIN/pg_isready -h "$2" -t 1; then echo "it still answers" >&2; exit 1; fi
