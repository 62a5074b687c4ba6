#!/usr/bin/env bash
# scripts/environments must make an environment once, again if it was interrupted or if
# the requirements changed, share it among domains, and delete it. Needs no network: the
# packages are wheels that this test makes.
set -euo pipefail
environments=$(cd "$(dirname "$0")/../../scripts" && pwd)/environments
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_CONFIG_HOME=$folder/config GATO_ENVIRONMENTS=$folder/environments
export PIP_NO_INDEX=1 PIP_CONFIG_FILE=/dev/null
unset PYTHON PYTHONPATH
cd "$folder"
mkdir -p config/gato/envs

fail() {
  echo "environments: $*" >&2
  cat err >&2
  exit 1
}

# make_wheel VERSION: makes a wheel of the package toy.
make_wheel() {
  python3 - "$1" <<'END'
import sys, zipfile
version = sys.argv[1]
info = f"toy-{version}.dist-info"
files = {
    "toy.py": f"version = '{version}'\n",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: toy\nVersion: {version}\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
                     "Tag: py3-none-any\n"}
files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
with zipfile.ZipFile(f"toy-{version}-py3-none-any.whl", "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
END
}

# describe DOMAIN VERSION: writes the TOML file of a domain that needs a version of toy.
describe() {
  cat >"config/gato/envs/$1.toml" <<END
domain = "$1"
description = "The domain $1"
command = "{python} -c 'import toy'"
tasks = ["task"]
requirements = ["toy @ file://$folder/toy-$2-py3-none-any.whl"]
END
}

# made: prints the number of environments.
made() { find environments/.made -mindepth 1 -maxdepth 1 | wc -l; }

# version DOMAIN: prints the version of toy in its environment.
version() { "environments/$1/bin/python" -c 'import toy; print(toy.version)'; }

make_wheel 1
make_wheel 2
describe first 1
describe second 1
"$environments" first second 2>err || fail "status $?"
[[ $(version first) == 1 && $(version second) == 1 && $(made) == 1 ]] || fail 'not shared'

touch environments/first/kept
"$environments" first 2>err || fail "status $?"
[[ -e environments/first/kept ]] || fail 'a complete environment was made again'

rm environments/first/complete
"$environments" --list >out 2>err
grep -Eq '^first +no ' out || fail "an interrupted environment is listed as $(<out)"
"$environments" first 2>err || fail "status $?"
[[ ! -e environments/first/kept ]] || fail 'an interrupted environment was kept'

describe first 2
"$environments" --list >out 2>err
for line in '^first +outdated ' '^second +yes .* The domain second$'; do
  grep -Eq "$line" out || fail "the list is $(<out)"
done
"$environments" first second 2>err || fail "status $?"
[[ $(version first) == 2 && $(version second) == 1 && $(made) == 2 ]] || fail 'not updated'
"$environments" --remove second 2>err || fail "status $?"
[[ ! -e environments/second && $(made) == 1 && $(version first) == 2 ]] || fail 'not removed'

describe third 3
status=0
"$environments" third 2>err || status=$?
[[ $status == 1 && $(<err) == *'third: pip could not install'* && ! -e environments/third ]] ||
  fail "a missing package: status $status"

status=0
"$environments" fourth 2>err || status=$?
[[ $status == 2 && $(<err) == *'no such domain; there are'*first*third* ]] ||
  fail "an unknown domain: status $status"

echo 'requirements = [' >config/gato/envs/fifth.toml
status=0
"$environments" fifth 2>err || status=$?
[[ $status == 3 && $(<err) == *fifth.toml* ]] || fail "a broken file: status $status"

for flag in -h --help; do
  "$environments" "$flag" >out 2>err || fail "$flag: status $?"
  [[ $(<out) == *GATO_ENVIRONMENTS* && $(<out) != *'set -e'* ]] || fail "$flag prints $(<out)"
done
