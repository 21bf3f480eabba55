#!/bin/sh
# A first service, told as a story: a directory and a web server, below one folder, owned by an ordinary user.
set -eu

title() { printf '\n# %s\n' "$*"; }
say() { printf '\n$ %s\n' "$*"; "$@"; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/opensvc-demo.XXXXXX")
export OSVC_ROOT_PATH="$folder" OSVC_NODENAME=demo1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

clean_up() {
    svcmgr -s svc1 stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

title "Everything of this agent stands below one folder: $folder"
mkdir -p "$folder/etc/svc1.d"
cat >"$folder/etc/svc1.d/weblauncher" <<EOF
#!/bin/sh
# The launcher of the web server: start forks a daemon, status tells by its pid file.
pid=$folder/web.pid
status() { [ -s \$pid ] && kill -0 "\$(cat \$pid)" 2>/dev/null; }
case \$1 in
start)
    echo "Starting the web server on port $port"
    nohup python3 -m http.server --bind 127.0.0.1 --directory $folder/srv/svc1 $port >/dev/null 2>&1 &
    echo \$! >\$pid
    # up is up: wait until the page is served
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/', timeout=1)" 2>/dev/null && exit 0
        sleep 0.3
    done
    exit 1
    ;;
stop) kill "\$(cat \$pid)"; rm -f \$pid ;;
status) status ;;
info) echo "Name: http.server"; echo "Port: $port" ;;
esac
EOF
chmod +x "$folder/etc/svc1.d/weblauncher"

title "A service is created, empty and frozen"
say om svc1 create
say om '*' ls

title "It is made of resources: a directory, and a web server that forks"
say om svc1 set --kw app=MyApp \
    --kw fs#www.type=directory --kw "fs#www.path=$folder/srv/{name}" \
    --kw app#web.type=forking --kw app#web.script=weblauncher \
    --kw app#web.start=true --kw app#web.stop=true --kw app#web.check=true --kw app#web.info=true
say om svc1 print config
say om svc1 validate config

title "What would a start do? Nothing is done yet"
say om svc1 start --local --plan

title "The status before: all is seen, nothing is remembered"
say om svc1 print status

title "Start: each operation is told as it is done"
say om svc1 start --local
printf '<html><body>It works!</body></html>\n' >"$folder/srv/svc1/index.html"
say om svc1 print status

title "The page that the service serves"
say python3 -c "import urllib.request as r; print(r.urlopen('http://127.0.0.1:$port/').read().decode(), end='')"

title "The same service, through the older command: it prints the older layout"
say svcmgr -s svc1 print status
say svcmgr -s svc1 print resinfo

title "Stop, in the reverse order"
say svcmgr -s svc1 stop
say svcmgr -s svc1 print status

title "Clean up: the service is deleted, then the folder"
say om svc1 delete
say om '*' ls
