#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# auroractl as an operator meets it: what each exit status means, what a typo is answered, and a
# small shop from its seed to its backup.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
ctl=${AURORA_BIN:-$root/build/bin}/auroractl
. "$root/tests/support/auroractl.sh"
[ -x "$ctl" ] || skip "this build has no auroractl"

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
shop=sqlite:$folder/shop.db
unset AURORA_STORE

# refused WORDS ARGUMENT...: usage, exit status 2, and the words say what is wrong.
refused() {
    local words=$1
    shift
    expect_status 2 "$ctl" "$@"
    expect_words "$words"
}

# --- usage ---
refused "usage: auroractl"
refused "did you mean 'orders'?" oders list
refused "there is no 'zebra'" zebra
refused "orders needs a verb" orders
refused "did you mean 'orders list'?" orders lst
refused "there is no option --limt here; did you mean --limit?" orders list --limt 3
refused "there is no option --order-dedline; did you mean --order-deadline?" \
    orders list --order-dedline 5m
refused "there is no option --at-rest here" orders list --at-rest
refused "there is no option -x" orders list -x
refused "--store URL is missing" orders list
refused "--limit needs a value" orders list --store "$shop" --limit
refused "--limit N: must be a number from 1 to 1000" orders list --store "$shop" --limit 0
refused "--json takes no value" orders list --store "$shop" --json=yes
refused "is given twice" orders list --store "$shop" --customer a --customer b
refused "--store is given too often" orders list --store "$shop" --store "$shop"
refused "--order-deadline: must be" orders list --store "$shop" --order-deadline 5x
refused "is a setting of the daemons" orders list --store "$shop" --listen 127.0.0.1:1
refused "are two shops" orders list --url http://127.0.0.1:1 --store "$shop"
refused "must be http://HOST:PORT" orders list --url 127.0.0.1:8080
refused "must be http://HOST:PORT" orders list --url http://127.0.0.1:8080/orders
refused "is the server's own" orders list --url http://127.0.0.1:1 --order-deadline 5m
refused "cannot be reached" orders list --url http://127.0.0.1:1
refused "backup works on the store itself" backup x.db --url http://127.0.0.1:1
refused "products resync works on the store itself" products resync --url http://127.0.0.1:1
refused "verify works on the store itself" verify --url http://127.0.0.1:1
refused "needs the scope orders:import" replay /dev/null --format online-retail \
    --url http://127.0.0.1:1
refused "did you mean --scope" token --scopes all
refused "token needs --key FILE" token --sub alice
refused "keygen needs --alg" keygen --alg ES256
refused "--alg: must be HS256" keygen --alg none --out "$folder/keys"
refused "--kid: the kid must be" keygen --alg ES256 --kid a/b --out "$folder/keys"
# A full disk leaves no half of a private key; a key of this name is found however its set is written.
mkdir "$folder/full"
rc=0
said=$(trap '' XFSZ && ulimit -f 0 && "$ctl" keygen --alg ES256 --kid full --out "$folder/full" 2>&1) || rc=$?
if [ "$rc" -ne 2 ] || [ "${said#*full/full.jwk: }" = "$said" ] || [ -n "$(ls "$folder/full")" ]; then
    echo "a full disk: exit status $rc, '$said', and $(ls "$folder/full")"
    exit 1
fi
expect_status 0 "$ctl" keygen --alg ES256 --kid twice --out "$folder/keys"
sed -i 's/:"/ : "/g' "$folder/keys/jwks.json"
rm "$folder/keys/twice.jwk"
refused "has a key twice already" keygen --alg ES256 --kid twice --out "$folder/keys"
refused "No such file" token --key "$folder/none.jwk" --sub a --issuer i --audience a
refused "is no order id" orders show 12 --store "$shop"
refused "orders show needs ID" orders show --store "$shop"
refused "'too' is one word too many" orders list too --store "$shop"
refused "must be PENDING" orders list --store "$shop" --status DONE
refused "is no time" orders list --store "$shop" --from yesterday
refused "--format: must be online-retail" replay /dev/null --store memory:
refused "payment=none:" replay /dev/null --format online-retail --store memory: --payment none:
refused "--stock: must be full" replay /dev/null --format online-retail --store memory: --stock -1
refused "the heading must have" replay /dev/null --format online-retail --store memory:
AURORA_ORDER_DEADLINE=soon refused "AURORA_ORDER_DEADLINE: must be" orders list --store "$shop"
AURORA_ORDER_DEADLINE=7m expect_status 0 "$ctl" settings --json
expect_words '"name":"order_deadline","kind":"duration","value":"7m","default":"5m","given":true'

for words in --help "orders --help" "orders list --help" "replay -h" --version settings; do
    # shellcheck disable=SC2086
    expect_status 0 "$ctl" $words
done

# --- a store that is not there is not made by asking ---
refused "does not exist" orders list --store "$shop"
refused "does not exist" verify --store "$shop"
refused "auroractl seed" orders list --store "$shop"
[ ! -e "$folder/shop.db" ] || fail "asking has made a store"

# --- a small shop ---
expect_status 0 "$ctl" seed --store "$shop" --json
seeded=$output
expect_status 0 "$ctl" seed --store "$shop" --json
[ "$output" = "$seeded" ] || fail "the second seed says $output, the first $seeded"
expect_status 0 "$ctl" products list --store "$shop" --json --limit 1000
count=$(json_number products "$seeded")
[ "$(grep -o '"sku":' <<<"$output" | wc -l)" = "$count" ] || fail "not $count products: $output"
((count >= 120)) || fail "the demo catalogue has only $count products"
if command -v python3 >/dev/null; then
    printf '%s' "$output" >"$folder/products.json"
    python3 - "$folder/products.json" <<'PY'
import json, sys, urllib.parse, xml.dom.minidom

products = json.load(open(sys.argv[1], encoding="utf-8"))["items"]
for product in products:
    head, svg = product["image_url"].split(",", 1)
    assert head == "data:image/svg+xml", product
    xml.dom.minidom.parseString(urllib.parse.unquote(svg))
    assert len(product["description"]) > 20 and product["attributes"] and product["brand"], product
assert len({p["image_url"] for p in products}) == len(products), "two products have one picture"
assert 8 <= len({p["category"] for p in products}) <= 12
PY
fi

# --- search ---
expect_status 0 "$ctl" search "headfones" --store "$shop"
expect_words "Headphones"
expect_status 0 "$ctl" search "zzzz" --store "$shop"
expect_words "nothing was found"
expect_status 0 "$ctl" reindex --store "$shop" --json
[ "$output" = "{\"products\":$count}" ] || fail "reindex says $output for $count products"
expect_status 0 "$ctl" search "coffee" --limit 1 --store "$shop" --json
expect_words '"highlight":"<em>Coffee</em>'
refused "reindex works on the store itself" reindex --url http://127.0.0.1:1

expect_status 0 "$ctl" stock list --below 4 --store "$shop" --json
expect_words '"available":0'

expect_status 0 "$ctl" stock show mug-slate --store "$shop" --json
expect_words '{"sku":"mug-slate","available":120,"reserved":0,"sold":0,"received":120,"written_off":0'
expect_status 0 "$ctl" stock receive mug-slate 30 --key delivery-1 --store "$shop" --json
expect_status 0 "$ctl" stock receive mug-slate 30 --key delivery-1 --store "$shop" --json
expect_words '"available":150,"reserved":0,"sold":0,"received":150'
expect_status 1 "$ctl" stock receive mug-slate 31 --key delivery-1 --store "$shop"
expect_status 0 "$ctl" stock adjust mug-slate -5 --reason broken --store "$shop" --json
expect_words '"available":145,"reserved":0,"sold":0,"received":150,"written_off":5'
expect_status 1 "$ctl" stock adjust mug-slate -500 --reason broken --store "$shop"
refused "needs --reason" stock adjust mug-slate -5 --store "$shop"
expect_status 1 "$ctl" stock show nothing --store "$shop"
expect_status 1 "$ctl" products show nothing --store "$shop"

# --- orders, by way of a small file ---
cat >"$folder/orders.csv" <<'CSV'
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
100,mug1,"A mug, ""large""",2,2011-01-04 10:00:00,12.505,7,France
100,mug2,A bowl,1,2011-01-04 10:00:00,3.00,7,France
101,mug2,A bowl,4,2011-01-05 10:00:00,3.00,8,France
CSV
expect_status 0 "$ctl" replay "$folder/orders.csv" --format online-retail --store "$shop" --json
expect_words '{"orders":2,"lines":3,"completed":2,"failed":0,"cancelled":0,"total_minor":4002,'
expect_status 0 "$ctl" products show MUG1 --store "$shop" --json
expect_words '"name":"A mug, \"large\""'
expect_words '"price_minor":1251,"currency":"GBP"'
expect_status 0 "$ctl" orders list --store "$shop" --reference 100 --json
expect_words '"customer_id":"7"'
expect_words '"placed_at":"2011-01-04T10:00:00.000000Z"'
order=$(sed 's/.*"id":"\([0-9a-f-]*\)".*/\1/' <<<"$output")
expect_status 0 "$ctl" orders show "$order" --store "$shop"
expect_words "28.02 GBP"
expect_status 0 "$ctl" orders cancel "$order" --note "too large" --actor ann --store "$shop" --json
expect_words '"status":"CANCELLED"'
expect_status 0 "$ctl" orders show "$order" --store "$shop" --json
expect_words '"actor":"ann","note":"too large"'
expect_status 1 "$ctl" orders show 00000000-0000-7000-8000-000000000001 --store "$shop"
expect_status 1 "$ctl" sagas retry "$order" --participant payment --store "$shop"
expect_status 0 "$ctl" sagas show "$order" --store "$shop" --json
expect_words '"participant":"payment","state":"REFUNDED"'
expect_status 0 "$ctl" sagas list --store "$shop" --json
# A filter that nothing meets does not claim that every order is settled.
[ "$("$ctl" sagas list --parked --store "$shop")" = "no order matches" ] || fail "sagas list --parked"
expect_words '{"items":[],"next_cursor":null}'
expect_status 0 "$ctl" dead-letters list --store "$shop" --json
expect_words '{"items":[],"next_cursor":null}'
expect_status 1 "$ctl" dead-letters redrive inventory "$order" --store "$shop"
expect_status 0 "$ctl" notifications list --store "$shop" --state FAILED --json
expect_words '{"items":[],"next_cursor":null}'
expect_status 2 "$ctl" notifications list --store "$shop" --state LOST
expect_words 'must be PENDING'
expect_status 0 "$ctl" events tail --after 0 --limit 3 --store "$shop" --json
[ "$(wc -l <<<"$output")" = 3 ] || fail "not three events: $output"
expect_words '"position":1,'
AURORA_STORE=$shop expect_status 0 "$ctl" orders export
[ "$(wc -l <<<"$output")" = 2 ] || fail "not two orders: $output"

# --- another order has the reference: said, and no summary is a yes ---
sed 's/,12.505,/,13.00,/' "$folder/orders.csv" >"$folder/other.csv"
expect_status 1 "$ctl" replay "$folder/other.csv" --format online-retail --store "$shop" --json
expect_words "invoice 100 is not stored: another order has its reference"

# --- out and in again ---
"$ctl" products export --store "$shop" >"$folder/products.csv"
expect_status 0 "$ctl" products import "$folder/products.csv" --store "sqlite:$folder/copy.db"
"$ctl" products export --store "sqlite:$folder/copy.db" | cmp - "$folder/products.csv"
printf 'sku,name,price_minor,currency\na,A,1,EUR\nb,B,-1,EUR\nc,,1,EUR\nd,D,1,EURO\n' >"$folder/bad.csv"
expect_status 1 "$ctl" products import "$folder/bad.csv" --store "sqlite:$folder/copy.db"
expect_words "line 3: price_minor"
expect_words "line 4: name"
expect_words "line 5: currency"
expect_words "1 products stored, 3 refused"
expect_status 0 "$ctl" products resync --store "$shop" --json

# --- care of the store ---
expect_status 0 "$ctl" backup "$folder/backup.db" --store "$shop"
expect_status 1 "$ctl" backup "$folder/backup.db" --store "$shop"
verify_at_rest "$shop"
verify_at_rest "sqlite:$folder/backup.db"
expect_status 0 "$ctl" restored --store "sqlite:$folder/backup.db"
expect_status 0 "$ctl" migrate --store "$shop"
expect_status 0 "$ctl" drain --timeout 5s --store "$shop" --json
expect_words '"drained":true'

# --- a violation is a no ---
if command -v sqlite3 >/dev/null; then
    sqlite3 "$folder/backup.db" "UPDATE stock SET available = available + 1
        WHERE rowid = (SELECT min(rowid) FROM stock)"
    expect_status 1 "$ctl" verify --store "sqlite:$folder/backup.db" --json
    expect_words '"ok":false'
    expect_words '"invariant":"I1"'
fi
echo "auroractl: as its help says"
