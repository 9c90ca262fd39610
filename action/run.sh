#!/usr/bin/env bash
# Runs verify-npm-release for action.yml, which hands it every input as INPUT_<NAME>.
#
# Where a Docker daemon runs Linux containers: in our image, read-only, without capabilities, as the runner's own
# user. It sees the workspace and npm's log folder (read-only), the event, the step's output and summary files, and
# a fresh folder below RUNNER_TEMP, each at its own path, so that a path means the same inside and outside.
# The folder named by the input `evidence` with its archive beside it, and the files named by `badge` and `vsa`, are
# made here and are the only parts of the workspace that can be written.
# Elsewhere (macOS, Windows, ubuntu-slim, a job in a container): built with the runner's Go toolchain and run as it is.
#
# Either way the program's environment is a list of names. Values of npm credentials stay outside: the program
# is told the names of the variables and the lines of npm's user configuration that hold one. The id-token's request
# token stays outside as well, unless the input `sign` asks for a signature: the program is told whether there is one.
#
# May be set for the job, all optional:
#   VERIFY_NPM_RELEASE_RUN_WITH   docker or go: this way and no other
#   VERIFY_NPM_RELEASE_NETWORK    the Docker network to build and run in, such as host; by default Docker's own,
#                                 or host if the registry, the TUF repository or the proxy is on loopback
#   VERIFY_NPM_RELEASE_GO_IMAGE   the image to build with, where the action's ref is not a release
#
# Exit codes are the program's (0 to 3). Written for bash 3.2, which is what macOS has.
set -euo pipefail

action="$GITHUB_ACTION_PATH"
workspace="$GITHUB_WORKSPACE"
own="$(mktemp -d "$RUNNER_TEMP/verify-npm-release.XXXXXX")"

# An action's inputs are those that action.yml passes, and no other INPUT_ that a job happens to have.
names="$(sed -n 's/^ *\(INPUT_[A-Z-]*\):.*/\1/p' "$action/action.yml" | tr '\n' ' ')
  GITHUB_ACTIONS GITHUB_ACTOR GITHUB_API_URL GITHUB_BASE_REF GITHUB_EVENT_NAME GITHUB_EVENT_PATH GITHUB_HEAD_REF
  GITHUB_JOB GITHUB_OUTPUT GITHUB_REF GITHUB_REF_NAME GITHUB_REF_TYPE GITHUB_REPOSITORY GITHUB_REPOSITORY_ID
  GITHUB_REPOSITORY_OWNER GITHUB_REPOSITORY_OWNER_ID GITHUB_RUN_ATTEMPT GITHUB_RUN_ID GITHUB_RUN_NUMBER
  GITHUB_SERVER_URL GITHUB_SHA GITHUB_STEP_SUMMARY GITHUB_WORKFLOW GITHUB_WORKFLOW_REF GITHUB_WORKFLOW_SHA
  GITHUB_WORKSPACE CI RUNNER_ARCH RUNNER_DEBUG RUNNER_ENVIRONMENT RUNNER_NAME RUNNER_OS RUNNER_TEMP
  HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR
  npm_config_cache npm_config_logs_dir VERIFY_NPM_RELEASE_CREDENTIAL_NAMES VERIFY_NPM_RELEASE_CREDENTIAL_FILES
  VERIFY_NPM_RELEASE_ID_TOKEN VERIFY_NPM_RELEASE_JOB_WORKFLOW_REF"

# Whoever holds these two can sign in this run's name.
case "$(printenv INPUT_SIGN || true)" in
  [Tt][Rr][Uu][Ee]) names="$names ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN" ;;
esac

# fail CODE TEXT: end with an annotation.
fail() {
  echo "::error title=verify-npm-release could not start::$2"
  exit "$1"
}

# within SECONDS COMMAND: macOS has no timeout(1).
within() {
  local seconds="$1" code=0 command watch
  shift
  "$@" &
  command=$!
  { sleep "$seconds" && kill "$command"; } >/dev/null 2>&1 &
  watch=$!
  wait "$command" || code=$?
  kill "$watch" 2>/dev/null || true
  return "$code"
}

# input NAME: bash has no ${INPUT_NAME} for a name with a hyphen.
input() { printenv "INPUT_$1" || true; }

# credential_names: the variables that hold an npm credential. Empty values, setup-node's placeholder, references that
# nobody expanded and GitHub's own tokens (for GitHub Packages) are none. The values never leave awk.
credential_names() {
  awk '
    function credential(key) {
      if (key ~ /^NPM_CONFIG_/) return key ~ /^NPM_CONFIG_(\/\/.*:)?(_AUTH|_AUTHTOKEN|_PASSWORD|TOKEN)$/
      if (key == "NPM_ID_TOKEN" || key ~ /^NPM_(PACKAGE|LIFECYCLE)_/) return 0
      if (key ~ /_(TYPE|FILE|PATH|DIR|URL|NAME|PRESENT|EXISTS)$/) return 0
      return key ~ /(^|_)(NPM|NPMJS|NODE_AUTH)_(.*_)?(TOKEN|AUTH|AUTHTOKEN|PASSWORD|SECRET|KEY|IDENT|CREDENTIALS?)(_|$)/ ||
        key ~ /(^|_)(NPMRC|NPMTOKEN|NPM_AUTH)$/
    }
    BEGIN {
      for (name in ENVIRON) {
        value = ENVIRON[name]
        if (name ~ /^(INPUT_|VERIFY_NPM_RELEASE_)/ || value ~ /^(true|false|[01])?$/) continue
        if (value == "XXXXX-XXXXX-XXXXX-XXXXX" || value ~ /^\$([{][^}]*[}]|[A-Za-z_][A-Za-z0-9_]*)$/) continue
        if (value ~ /^(gh[a-z]_|github_pat_)/) continue
        if (!credential(toupper(name)) && !(length(value) == 40 && value ~ /^npm_[A-Za-z0-9]+$/)) continue
        gsub(/[^!-~]/, "?", name)
        print name
      }
    }' | sort | tr '\n' ' ' | sed 's/ $//'
}

# credential_files: FILE:LINE of npm's user configuration, which is not in the workspace, where a credential stands literally.
credential_files() {
  local file
  for file in "${NPM_CONFIG_USERCONFIG:-${npm_config_userconfig:-}}" "$HOME/.npmrc"; do
    [ -r "$file" ] || continue
    awk -v file="$file" '
      {
        at = index($0, "=")
        key = substr($0, 1, at - 1); value = substr($0, at + 1)
        gsub(/[ \t]/, "", key); gsub(/^[ \t"\047]+|[ \t\r"\047]+$/, "", value)
        if (key !~ /^([^#;]*:)?_(auth|authToken|password)$/ || value == "" || value ~ /^\$/) next
        if (value == "XXXXX-XXXXX-XXXXX-XXXXX" || value ~ /^(gh[a-z]_|github_pat_)/) next
        print file ":" NR
      }' "$file"
  done | sort -u
}

# npm_cache: where npm keeps its cache and so its logs. Asking npm writes a log and may remove the oldest: elsewhere, please.
npm_cache() {
  local cache="${npm_config_cache:-${NPM_CONFIG_CACHE:-}}"
  if [ -z "$cache" ] && command -v npm >/dev/null; then
    cache="$(cd "$own" && within 20 npm config get cache --logs-dir "$own/npm-logs" 2>/dev/null </dev/null)" || cache=""
    rm -rf "$own/npm-logs"
  fi
  echo "${cache:-$HOME/.npm}"
}

# on_loopback: is anything that the program must reach on this machine's own loopback?
on_loopback() {
  local url
  for url in "$(input REGISTRY-URL)" "$(input TUF-URL)" "${HTTPS_PROXY:-${https_proxy:-}}" "${HTTP_PROXY:-${http_proxy:-}}"; do
    case "$url" in
      *://localhost | *://localhost[:/]* | *://127.* | *://\[::1\]*) return 0 ;;
    esac
  done
  return 1
}

mounts=()
made=()
mounted=$'\n'
# bind PATH [readonly]: mount PATH at its own place, once. --mount refuses a source that the daemon cannot see; its values are CSV.
bind() {
  case "$mounted" in *$'\n'"$1"$'\n'*) return ;; esac
  mounted="$mounted$1"$'\n'
  local path="${1//\"/\"\"}"
  mounts+=(--mount "type=bind,\"source=$path\",\"target=$path\"${2:+,readonly}")
}

# absolute PATH: an existing PATH without . and .. in it; relative ones start in the workspace.
absolute() {
  cd "$workspace"
  if [ -d "$1" ]; then (cd "$1" && pwd); else echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; fi
}

# reach PATTERN: mount what PATTERN names outside the workspace. Inside there is nothing to do.
reach() {
  local file
  [ -n "$1" ] && [ "${#1}" -lt 4096 ] || return 0
  while IFS= read -r file; do
    [ -n "$file" ] || continue
    file="$(absolute "$file")"
    case "$file/" in "$workspace"/*) ;; *) bind "$file" readonly ;; esac
  done <<<"$(cd "$workspace" && compgen -G "$1")"
}

# writable_evidence: make the evidence folder and let the program write to it, to nothing around it.
writable_evidence() {
  local evidence real root
  evidence="$(input EVIDENCE)"
  [ -n "$evidence" ] || return 0
  (cd "$workspace" && mkdir -p -- "$evidence") || fail 2 "evidence: the folder cannot be made"
  evidence="$(absolute "$evidence")"
  real="$(cd "$evidence" && pwd -P)"
  real="${real%/}/"
  root="$(cd "$workspace" && pwd -P)/"
  case "$root" in "$real"*) fail 2 "evidence: wants a folder of its own, not the workspace or a folder around it" ;; esac
  case "$evidence" in
    "$workspace"/*) case "$real" in "$root"*) ;; *) fail 2 "evidence: a link in the workspace leads out of it" ;; esac ;;
  esac
  bind "$evidence"
  # The archive of the folder stands beside it, and a file can be mounted only if it is there.
  if [ -L "$evidence.tar.gz" ] || ! : >"$evidence.tar.gz"; then fail 2 "evidence: $evidence.tar.gz cannot be written"; fi
  bind "$evidence.tar.gz"
}

# writable_file NAME: make the file that the input NAME names and let the program write to it. What an earlier run
# left there is gone, whatever becomes of this one; drop_empty removes it again if the program had nothing to say.
writable_file() {
  local file what
  what="$(echo "$1" | tr '[:upper:]' '[:lower:]')"
  file="$(input "$1")"
  [ -n "$file" ] || return 0
  (cd "$workspace" && cd "$(dirname -- "$file")") 2>/dev/null || fail 2 "$what: there is no folder to write the file in"
  file="$(absolute "$file")"
  if [ -L "$file" ] || [ -d "$file" ]; then fail 2 "$what: wants a file, neither a folder nor a link"; fi
  case "$file" in
    "$workspace"/*)
      case "$(cd "$(dirname "$file")" && pwd -P)/" in
        "$(cd "$workspace" && pwd -P)"/*) ;;
        *) fail 2 "$what: a link in the workspace leads out of it" ;;
      esac
      ;;
  esac
  : >"$file" || fail 2 "$what: the file cannot be written"
  bind "$file"
  made+=("$file")
}

# drop_empty: remove the files that were made for the program and that it left empty.
drop_empty() {
  local file
  for file in ${made[@]+"${made[@]}"}; do [ -s "$file" ] || rm -f "$file"; done
}

# hide_git: checkout keeps the job's token in .git/config, and the program has no use for it.
hide_git() {
  local git
  for git in "$workspace/.git" "$workspace"/*/.git; do
    if [ -d "$git" ]; then
      mounts+=(--mount "type=tmpfs,\"target=${git//\"/\"\"}\",tmpfs-size=4096,readonly")
    fi
  done
}

# ready_image: print the image's name; build it, where the action's ref is not a release.
ready_image() {
  local image="${VERIFY_NPM_RELEASE_IMAGE:-}" try name build=()
  if [ -z "$image" ]; then
    # A bare name passes the variable's value, if it is set; builds know no network but host and their own.
    for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do build+=(--build-arg "$name"); done
    [ -z "${VERIFY_NPM_RELEASE_GO_IMAGE:-}" ] || build+=(--build-arg "GO_IMAGE=$VERIFY_NPM_RELEASE_GO_IMAGE")
    [ "${VERIFY_NPM_RELEASE_NETWORK:-}" != host ] || build+=(--network host)
    DOCKER_BUILDKIT=1 docker build --progress plain --iidfile "$own/image" "${build[@]}" "$action" >&2 || return 1
    cat "$own/image"
    rm -f "$own/image"
    return
  fi
  for try in 1 2 3; do
    if docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >&2; then
      echo "$image"
      return
    fi
    [ "$try" = 3 ] || sleep $((try * 5))
  done
  return 1
}

# with_docker: run in the container. 125, 126 and 127 are Docker's own: the program did not start.
with_docker() {
  local image name user path
  network=()
  if [ -n "${VERIFY_NPM_RELEASE_NETWORK:-}" ]; then
    network=(--network "$VERIFY_NPM_RELEASE_NETWORK")
  elif on_loopback; then
    network=(--network host)
  fi
  echo "::group::Container image"
  if ! image="$(ready_image)"; then
    echo "::endgroup::"
    return 125
  fi
  echo "$image"
  echo "::endgroup::"

  # A rootless daemon maps the runner's user to the container's root.
  user="$(id -u):$(id -g)"
  case "$(docker info --format '{{.SecurityOptions}}')" in *name=rootless*) user=0:0 ;; esac

  local env=(-e "HOME=$own")
  for name in $names; do env+=(-e "$name"); done

  bind "$workspace" readonly
  hide_git
  bind "$own"
  for path in "${GITHUB_OUTPUT:-}" "${GITHUB_STEP_SUMMARY:-}"; do
    if [ -f "$path" ]; then bind "$path"; fi
  done
  for path in "${GITHUB_EVENT_PATH:-}" "${SSL_CERT_FILE:-}" "${SSL_CERT_DIR:-}" "${npm_config_logs_dir:-$npm_config_cache/_logs}"; do
    if [ -e "$path" ]; then bind "$path" readonly; fi
  done
  for name in TARBALL TRUSTED-ROOT REGISTRY-KEYS TUF-ROOT PACKAGES WORKING-DIRECTORY; do reach "$(input "$name")"; done
  writable_evidence
  writable_file BADGE
  writable_file VSA

  local code=0
  docker run --rm --pull never --read-only --cap-drop ALL --security-opt no-new-privileges --user "$user" \
    ${network[@]+"${network[@]}"} --workdir "$workspace" "${env[@]}" "${mounts[@]}" "$image" </dev/null || code=$?
  drop_empty
  return "$code"
}

# least COMMAND: run COMMAND with the program's environment and what an operating system needs.
least() {
  local name drop=()
  while IFS= read -r name; do [ -z "$name" ] || drop+=(-u "$name"); done <<<"$(awk -v keep="$names
    PATH HOME TMPDIR TMP TEMP LANG LC_ALL SYSTEMROOT WINDIR COMSPEC PATHEXT USERPROFILE LOCALAPPDATA APPDATA ${1:+$1}" '
    BEGIN {
      count = split(toupper(keep), list)
      for (i = 1; i <= count; i++) kept[list[i]] = 1
      for (name in ENVIRON) if (!(toupper(name) in kept) && name !~ /[=\n]/) print name
    }')"
  shift
  env ${drop[@]+"${drop[@]}"} "$@"
}

# with_go: build with the runner's toolchain and run. 125: it could not be built.
# GOTOOLCHAIN=auto lets an older Go fetch the one that go.mod asks for; setup-go turns that off for the job.
with_go() {
  local program name dir
  # A home that cannot be written to has no room for Go's caches.
  for name in GOCACHE GOMODCACHE; do
    dir="$(go env "$name")"
    if [ -z "$dir" ] || [ "$dir" = off ] || ! mkdir -p "$dir" 2>/dev/null || { [ "$name" = GOCACHE ] && [ ! -w "$dir" ]; }; then
      export "$name=$own/$name"
    fi
  done
  program="$own/program$(go env GOEXE)" # the name verify-npm-release is taken: the program keeps its reports there
  echo "::group::Build with $(go version)"
  if ! (cd "$action" && least "GOPROXY GONOPROXY GOPRIVATE GOSUMDB GONOSUMDB GOINSECURE GOPATH GOMODCACHE GOCACHE GOROOT" \
    CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -modcacherw" GOWORK=off GOTOOLCHAIN=auto \
    go build -ldflags "-s -w" -o "$program" ./cmd/verify-npm-release); then
    echo "::endgroup::"
    return 125
  fi
  echo "::endgroup::"
  cd "$workspace"
  least "" "$program" </dev/null
}

docker_is_ready() {
  [ "$(uname -s)" = Linux ] && command -v docker >/dev/null &&
    [ "$(within 20 docker version --format '{{.Server.Os}}' 2>/dev/null </dev/null)" = linux ]
}

# started CODE: end with the program's exit code, unless the program never ran.
started() {
  case "$1" in 125 | 126 | 127) ;; *) exit "$1" ;; esac
}

VERIFY_NPM_RELEASE_CREDENTIAL_NAMES="$(credential_names)"
VERIFY_NPM_RELEASE_CREDENTIAL_FILES="$(credential_files)"
VERIFY_NPM_RELEASE_ID_TOKEN=false
[ -z "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] || VERIFY_NPM_RELEASE_ID_TOKEN=true
npm_config_cache="$(npm_cache)"
RUNNER_TEMP="$own"
export VERIFY_NPM_RELEASE_CREDENTIAL_NAMES VERIFY_NPM_RELEASE_CREDENTIAL_FILES VERIFY_NPM_RELEASE_ID_TOKEN npm_config_cache RUNNER_TEMP

way="${VERIFY_NPM_RELEASE_RUN_WITH:-any}"
case "$way" in docker | go | any) ;; *) fail 2 "VERIFY_NPM_RELEASE_RUN_WITH wants docker or go" ;; esac

if [ "$way" != go ] && docker_is_ready; then
  code=0
  with_docker || code=$?
  started "$code"
  [ "$way" = any ] || fail 3 "Docker could not run the image; the log says why"
  echo "::notice title=verify-npm-release::Docker could not run the image (see the log); trying the runner's Go toolchain."
fi
if [ "$way" != docker ] && command -v go >/dev/null; then
  code=0
  with_go || code=$?
  started "$code"
  fail 3 "the program could not be built with $(go version); the log says why"
fi
fail 2 "this runner has neither a Docker daemon for Linux containers nor Go (wanted: $way). GitHub's ubuntu, macos and windows runners work as they are; on ubuntu-slim, in a job container or on your own runner, start Docker or add a step with actions/setup-go before this one."
