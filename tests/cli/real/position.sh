# What the old primary acknowledged was received here before, so nothing is missing once all that was received is applied.
set -eu
say() { BIN/psql -h "$1" -U postgres -Atqc "$2"; }
for _ in 1 2 3 4 5 6 7 8 9; do
  test "$(say "$1" 'select pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()')" != t || break
  sleep 0.2
done
say "$1" "select 'position=' || pg_last_wal_receive_lsn() || ' age=' ||
  case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then '0s' else '-' end"
