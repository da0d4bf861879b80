# Why nobody is connected to the socket $path, as far as this user can see. It only looks.
if [ -S "$path" ]; then
    if [ -w "$path" ]; then echo "bonghwa: open"; else echo "bonghwa: closed"; fi
elif [ -e "$path" ]; then
    echo "bonghwa: other"
else
    # Where a folder on the way is closed, nobody can say whether it is there.
    echo "bonghwa: none"
fi
