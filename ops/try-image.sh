#!/usr/bin/env bash
# Performs the steps of ops/Dockerfile where there is no Docker, then starts the result as an unprivileged user without
# capabilities on a read-only root file system, and talks to it. Needs bubblewrap, and root or user namespaces.
#   ops/try-image.sh standalone
#   DATABASE_URL=postgres://… ops/try-image.sh server      (a database for this trial; a socket folder in it is not seen)
# NODE=/path/to/node tries another Node.js than the one of this machine, STAGE=folder keeps what was built for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?server or standalone}
node=$(readlink -f "${NODE:-$(command -v node)}")
port=${PORT:-18742}
stage=${STAGE:-$(mktemp -d)}
server=
# shellcheck disable=SC2317
finish() {
  if [[ -n $server ]]; then kill -TERM "$server" 2>/dev/null && wait "$server" || true; fi
  if [[ -z ${STAGE:-} ]]; then rm -rf "$stage"; fi
}
trap finish EXIT
chmod 755 "$stage"

echo "== build and packages"
mkdir -p "$stage/build" "$stage/packages" "$stage/app/ops" "$stage/data"
if [[ ! -d $stage/app/node_modules ]]; then
  cp -r package.json package-lock.json nest-cli.json tsconfig.json tsconfig.build.json migrations src "$stage/build"
  (cd "$stage/build" && npm ci --no-audit --no-fund --silent && npm run build --silent)
  cp package.json package-lock.json "$stage/packages"
  omit=(--omit=dev)
  if [[ $target == server ]]; then omit+=(--omit=optional --ignore-scripts); fi
  (cd "$stage/packages" && npm ci "${omit[@]}" --no-audit --no-fund --silent)
  cp package.json LICENSE "$stage/app"
  cp ops/healthcheck.mjs "$stage/app/ops"
  cp -r "$stage/build/dist" "$stage/packages/node_modules" "$stage/app"
fi
# Root becomes the account of the image first; anybody else is mapped to it.
account=()
if [[ $(id -u) == 0 ]]; then
  chown 1000:1000 "$stage/data"
  account=(setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all)
fi
du -sh "$stage/app" | sed 's/\t.*/ in \/app/'

# As in the image: nothing of this machine but its libraries, and nothing that can be written but /data.
inside=(
  "${account[@]}" bwrap --unshare-user --unshare-pid --unshare-ipc --uid 1000 --gid 1000 --cap-drop ALL --die-with-parent
  --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --proc /proc --dev /dev
  --ro-bind "$node" /node --ro-bind "$stage/app" /app --chdir /app --clearenv --setenv PATH /usr/bin
  --setenv BIND_ADDR "127.0.0.1:$port"
)
if [[ $target == standalone ]]; then
  printf 'node:x:1000:1000::/home/node:/bin/sh\n' >"$stage/passwd"
  inside+=(--ro-bind "$stage/passwd" /etc/passwd --bind "$stage/data" /data --setenv XTRACE_DATA_DIR /data)
else
  inside+=(--setenv NODE_ENV production --setenv DATABASE_URL "${DATABASE_URL:?}" --setenv API_BEARER_TOKEN try-image-token-0123456789)
fi
inside+=(--remount-ro /)

echo "== start on $("$node" --version)"
# exec: the process that gets the signal is bubblewrap, which ends with its child.
"${inside[@]}" /node dist/src/main.js >"$stage/log" 2>&1 &
server=$!
for _ in $(seq 300); do
  if grep -q 'xtrace is ready' "$stage/log" || ! kill -0 "$server" 2>/dev/null; then break; fi
  sleep 0.1
done
sed 's/^/  /' "$stage/log"
grep -q 'xtrace is ready' "$stage/log"

echo "== health check"
"${inside[@]}" /node ops/healthcheck.mjs && echo healthy

echo "== write and read"
token=try-image-token-0123456789
if [[ $target == standalone ]]; then token=$(sed -n 's/.*API token *//p' "$stage/log"); fi
ask() { curl -sS --fail-with-body -w ' (%{http_code})\n' -H "Authorization: Bearer $token" "$@"; }
ask "http://127.0.0.1:$port/v1/l/batch" -H 'Content-Type: application/json' -d '{"trace":{"id":"try-1","name":"try"}}'
ask -o /dev/null "http://127.0.0.1:$port/api/public/traces/try-1"
ask "http://127.0.0.1:$port/readyz"

echo "== stop"
pkill -TERM -P "$(pgrep -P "$server" | head -1)" 2>/dev/null || true
for _ in $(seq 150); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
grep 'xtrace: stopped' "$stage/log"
server=
