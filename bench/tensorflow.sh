#!/usr/bin/env bash
# Proves `gan-train --backend tensorflow` where tfjs-node's own download cannot be had: builds its binding against libtensorflow
# from the Python wheel, and compares three training steps with those of ONNX Runtime. Usage: bench/tensorflow.sh [FOLDER FOR THE WHEEL]
# Needs g++, pip and unzip. Skips, with exit code 0, where one of them or the wheel is missing.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
wheels=${1:-${TMPDIR:-/tmp}/ganscope-tensorflow-wheel}
skip() { echo "skipped: $1"; exit 0; }
for tool in g++ pip unzip; do command -v $tool >/dev/null || skip "there is no $tool"; done
mkdir -p "$wheels"
ls "$wheels"/tensorflow_cpu-2.15.1-*.whl >/dev/null 2>&1 ||
  pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 --dest "$wheels" tensorflow-cpu==2.15.1 2>/dev/null ||
  skip 'the wheel of tensorflow-cpu 2.15.1 cannot be downloaded'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$root" && npm run --silent build && npm pack --silent --ignore-scripts --pack-destination "$work") >/dev/null
cd "$work"
echo '{"private":true}' > package.json
npm install --no-audit --no-fund --ignore-scripts --silent ./ganscope-*.tgz @tensorflow/tfjs-node@4.22.0 node-api-headers
unzip -q "$wheels"/tensorflow_cpu-2.15.1-*.whl 'tensorflow/include/*' 'tensorflow/libtensorflow*'

cd node_modules/@tensorflow/tfjs-node
mkdir -p deps/include deps/lib lib/napi-v8
for part in tensorflow tsl xla; do ln -s "$work/tensorflow/include/$part" deps/include/$part; done
cp "$work"/tensorflow/libtensorflow_{cc,framework}.so.2 deps/lib/
ln -s libtensorflow_cc.so.2 deps/lib/libtensorflow.so
ln -s libtensorflow_framework.so.2 deps/lib/libtensorflow_framework.so
g++ -std=c++17 -O2 -fPIC -shared -w -DNAPI_VERSION=8 -I"$work/node_modules/node-api-headers/include" -I.. -Ideps/include \
  binding/*.cc -o lib/napi-v8/tfjs_binding.node -Ldeps/lib -ltensorflow -ltensorflow_framework -Wl,-rpath,'$ORIGIN/../../deps/lib'

cd "$work"
for backend in onnxruntime tensorflow; do
  node node_modules/ganscope/dist/cli/gan-train.js --backend $backend --device cpu --image-size 16 --ngf 8 --ndf 8 --batch-size 8 \
    --steps 3 --out $backend >$backend.log 2>&1 || { cat $backend.log; exit 1; }
  grep '^Training on' $backend.log
done
node -e '
const rows = (run) => fs.readFileSync(`${run}/metrics.jsonl`, "utf8").trim().split("\n").map(JSON.parse);
const [ours, theirs] = [rows("onnxruntime"), rows("tensorflow")];
const names = ["lossD", "lossG", "dReal", "dFakeBefore", "dFakeAfter"];
if (ours.length !== 3 || theirs.length !== 3) throw new Error("expected three steps of each");
const differences = ours.map((row, i) => Math.max(...names.map((name) => Math.abs(row[name] - theirs[i][name]))));
console.log(`largest difference in steps 1 to 3: ${differences.map((d) => d.toExponential(1)).join(", ")}`);
if (!(Math.max(...differences) <= 1e-5)) throw new Error("expected at most 1e-5");
'
