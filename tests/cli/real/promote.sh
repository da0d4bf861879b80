# Nobody follows the new primary yet, so it must not wait for anybody.
set -eu
say() { BIN/psql -h "$1" -U postgres -v ON_ERROR_STOP=1 -Atqc "$2"; }
test "$(say "$1" 'select pg_promote(true, 30)')" = t
say "$1" 'alter system reset synchronous_standby_names'
say "$1" 'select pg_reload_conf()'
