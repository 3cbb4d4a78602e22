#!/bin/sh
# A WebAssembly component throws a TypeError in jco 1.35.0 at values that the component model's Canonical ABI has a
# host take. CanonicalABI.md ignores the unused high bits of an i32 where it lifts a narrower integer
# (`lift_flat_unsigned`, `lift_flat_signed`), takes 0 for false and "all other bit-patterns" for true
# (`convert_int_to_bool`), and reads flags bit by bit to the last label (`unpack_flags_from_int`).
# jco says of a u8 from 300 "must be between 0 and 255", of a bool from 2 "invalid variant discriminant for bool", of
# two flags from 255 "flags have extraneous bits set". From memory it takes the integers and still refuses the bool. A
# component fails there if its code leaves bits set that nobody reads.
# wasmtime 50.0.1 lifts all of them in the same component. Both refuse what the ABI traps on: the third case of an
# enum of two.
# Needs Node.js 20 or later and Python 3. Exit status: 0 as described, 1 it has changed, 2 it could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
{
    npm install --no-audit --no-fund --loglevel=error @bytecodealliance/jco@1.35.0 &&
    python3 -m venv venv &&
    venv/bin/pip install --quiet --disable-pip-version-check wasmtime==50.0.1
} || { echo "the packages cannot be had"; exit 2; }
# Each function gives its i32 back as a value of another type; the last one through memory.
cat >raw.wat <<'WAT'
(component
  (core module $code
    (memory (export "memory") 1)
    (func (export "same") (param i32) (result i32) local.get 0)
    (func (export "stored") (param i32) (result i32) (i32.store (i32.const 64) (local.get 0)) i32.const 64))
  (core instance $core (instantiate $code))
  (alias core export $core "memory" (core memory $memory))
  (alias core export $core "same" (core func $same))
  (alias core export $core "stored" (core func $stored))
  (type $choice (enum "a" "b"))
  (type $rights (flags "read" "write"))
  (func $u8 (param "x" s32) (result u8) (canon lift (core func $same)))
  (func $s8 (param "x" s32) (result s8) (canon lift (core func $same)))
  (func $bool (param "x" s32) (result bool) (canon lift (core func $same)))
  (func $enum (param "x" s32) (result $choice) (canon lift (core func $same)))
  (func $flags (param "x" s32) (result $rights) (canon lift (core func $same)))
  (func $pair (param "x" s32) (result (tuple u8 bool)) (canon lift (core func $stored) (memory $memory)))
  (component $interface
    (type $choice' (enum "a" "b"))
    (type $rights' (flags "read" "write"))
    (import "choice" (type $choice (eq $choice')))
    (import "rights" (type $rights (eq $rights')))
    (import "as-u8" (func $u8 (param "x" s32) (result u8)))
    (import "as-s8" (func $s8 (param "x" s32) (result s8)))
    (import "as-bool" (func $bool (param "x" s32) (result bool)))
    (import "as-enum" (func $enum (param "x" s32) (result $choice)))
    (import "as-flags" (func $flags (param "x" s32) (result $rights)))
    (import "as-pair" (func $pair (param "x" s32) (result (tuple u8 bool))))
    (export $choice-out "choice-out" (type $choice))
    (export $rights-out "rights-out" (type $rights))
    (export "u8-of" (func $u8))
    (export "s8-of" (func $s8))
    (export "bool-of" (func $bool))
    (export "enum-of" (func $enum) (func (param "x" s32) (result $choice-out)))
    (export "flags-of" (func $flags) (func (param "x" s32) (result $rights-out)))
    (export "pair-of" (func $pair)))
  (instance $values (instantiate $interface
    (with "choice" (type $choice)) (with "rights" (type $rights))
    (with "as-u8" (func $u8)) (with "as-s8" (func $s8)) (with "as-bool" (func $bool))
    (with "as-enum" (func $enum)) (with "as-flags" (func $flags)) (with "as-pair" (func $pair))))
  (export "raw:raw/values" (instance $values)))
WAT
node_modules/.bin/jco parse raw.wat -o raw.wasm || exit 2
node_modules/.bin/jco transpile raw.wasm -o out --name raw >/dev/null || exit 2
# What stands here is what the ABI has; null is a trap. The first four are the control.
cat >cases.json <<'JSON'
[
  ["u8-of", 200, 200], ["s8-of", -3, -3], ["bool-of", 1, true], ["flags-of", 3, ["read", "write"]],
  ["pair-of", 263, [7, true]], ["enum-of", 1, "b"], ["enum-of", 2, null],
  ["u8-of", 300, 44], ["u8-of", -1, 255], ["s8-of", 200, -56], ["bool-of", 2, true], ["bool-of", -1, true],
  ["flags-of", 255, ["read", "write"]], ["flags-of", 6, ["write"]],
  ["pair-of", 65799, [7, true]], ["pair-of", 519, [7, true]]
]
JSON
cat >lift.py <<'PYTHON'
import json

import wasmtime
from wasmtime import component

engine = wasmtime.Engine()
raw = component.Component.from_file(engine, "raw.wasm")
found = []
for name, value, _ in json.load(open("cases.json")):
    store = wasmtime.Store(engine)
    instance = component.Linker(engine).instantiate(store, raw)
    index = instance.get_export_index(store, "raw:raw/values")
    try:
        result = instance.get_func(store, instance.get_export_index(store, name, index))(store, value)
    except Exception:
        result = None
    if isinstance(result, (set, frozenset)):
        result = sorted(result)
    found.append(list(result) if isinstance(result, tuple) else result)
json.dump(found, open("wasmtime.json", "w"))
PYTHON
venv/bin/python lift.py
cat >compare.mjs <<'NODE'
import fs from "node:fs";
import * as raw from "./out/raw.js";

const values = raw.values ?? raw["raw:raw/values"];
const read = (name) => JSON.parse(fs.readFileSync(name));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const version = read("node_modules/@bytecodealliance/jco/package.json").version;
console.log(`the Canonical ABI, wasmtime 50.0.1, jco ${version}:`);
const wasmtime = read("wasmtime.json");
let broken = false;
const refused = [];
read("cases.json").forEach(([name, value, expected], at) => {
  let found, error;
  try {
    found = values[name.replace(/-(.)/g, (_, letter) => letter.toUpperCase())](value);
    if (name === "flags-of") found = Object.keys(found).filter((flag) => found[flag]);
  } catch (thrown) {
    found = null;
    error = `${thrown.constructor.name}: ${thrown.message}`;
  }
  const shown = (result) => (result === null ? "a trap" : JSON.stringify(result));
  console.log(`${name} ${value}: ${shown(expected)}, ${shown(wasmtime[at])}, ${error ?? shown(found)}`);
  if (!same(wasmtime[at], expected) || (at < 7 && !same(found, expected))) broken = true;
  if (at >= 7) refused.push(error === undefined ? "" : `${name} ${value}`);
});
if (broken) process.exit(2);
const narrow = ["u8-of 300", "u8-of -1", "s8-of 200", "bool-of 2", "bool-of -1"];
const described = [...narrow, "flags-of 255", "flags-of 6", "", "pair-of 519"];
process.exit(same(refused, described) ? 0 : 1);
NODE
node compare.mjs
