# Whether a record could be kept here. It only looks: the folder is made when the first command is begun.
command -v setsid >/dev/null 2>&1 || { echo 'bonghwa: no setsid'; exit 1; }
ours() { [ -d "$1" ] && [ ! -h "$1" ] && [ -O "$1" ] && [ -w "$1" ]; }
fits() { ours "$1" || { [ ! -e "$1" ] && [ -d "$2" ] && [ -w "$2" ]; }; }
home=${HOME:-/nowhere}
if fits "/var/tmp/bonghwa-$(id -u)" /var/tmp || ours "$home/.bonghwa/records" ||
  { [ ! -e "$home/.bonghwa/records" ] && [ -w "$home" ]; }; then
  echo 'bonghwa: ready'
else
  echo 'bonghwa: no folder'
  exit 1
fi
