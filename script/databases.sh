# shellcheck shell=bash
# Prepared databases, sourced after lib.sh and `enter`. Two levels, each named by what it was built from:
#
#   ..._stock_KEY     the stock addons that ours depend on, with demo data and asset bundles (minutes; also kept
#                     as an archive in $CACHE for the next checkout)
#   ..._product_KEY   a copy of it with our own addons on top (seconds)
#
# Both are built under another name and renamed when they are done. Copies share the files of the file store
# by hard links, which is safe: Odoo never changes such a file in place.

FILESTORE=$LOCAL/data/${INSTANCE:?call enter first}/filestore
# Names carry the checkout: on a server that PG* variables name, another checkout's databases are not ours.
PREFIX=helpdesk_$(hash_of <<< "$LOCAL" | cut -c1-6)

sql() { psql -X -d postgres -Atqc "$1"; }
exists() { [ "$(sql "SELECT 1 FROM pg_database WHERE datname = '$1'")" = 1 ]; }

drop() {
    sql "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)" 2> /dev/null
    rm -rf "${FILESTORE:?}/$1"
}

clone() {
    drop "$2"
    createdb -T "$1" "$2"
    if [ -d "$FILESTORE/$1" ]; then cp -al "$FILESTORE/$1" "$FILESTORE/$2"; fi
}

rename() {
    rm -rf "${FILESTORE:?}/$2"
    if [ -d "$FILESTORE/$1" ]; then mv "$FILESTORE/$1" "$FILESTORE/$2"; fi
    sql "ALTER DATABASE \"$1\" RENAME TO \"$2\""
}

# manifests own | stock | "stock ADDON": the names of our addons, or of the stock addons that they (or one of
# them, through others of ours as well) depend on, out of the manifests
manifests() {
    "$LOCAL/venv/bin/python" - "$ROOT" "$1" <<'PYTHON'
import ast, pathlib, sys

root, what = sys.argv[1:]
manifests = {
    path.parent.name: ast.literal_eval(path.read_text())
    for path in pathlib.Path(root).glob("addons/*/__manifest__.py")
}
manifests = {name: manifest for name, manifest in manifests.items() if manifest.get("installable", True)}
what, _, addon = what.partition(" ")
todo, stock = [addon] if addon else list(manifests), set()
for name in todo:
    for dependency in manifests[name].get("depends", ["base"]):
        if dependency not in manifests:
            stock.add(dependency)
        elif dependency not in todo:
            todo.append(dependency)
if not addon:
    stock |= {"base", "web_tour"}
print(",".join(sorted(manifests if what == "own" else stock)))
PYTHON
}

# What the stock addons are installed from.
stock_key() {
    {
        manifests stock
        cat "$LOCAL/stamps/odoo" "$PYTHON_TREE/odoo/release.py" "$ROOT/requirements.txt" "$ROOT/script/databases.sh"
        postgres_major
    } 2> /dev/null | hash_of
}

# What our addons are installed from: not their tests and prose, which may change without a new installation.
product_key() {
    {
        echo "$1 $2"
        cd "$ROOT/addons" || exit
        find . -type f -not -path '*/tests/*' -not -path '*/i18n/*' -not -path '*/static/description/*' \
            -not -name '*.md' -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum
    } | hash_of
}

postgres_major() { sql "SELECT current_setting('server_version_num')::int / 10000"; }

install() {
    local database=$1 modules=$2 log=$LOCAL/install.log
    odoo -d "$database" -i "$modules" --with-demo --no-http --stop-after-init --log-level=warn \
        > "$log" 2>&1 < /dev/null || { tail -n 60 "$log" >&2; die "installing $modules failed: see $log"; }
}

# All asset bundles, those of each website included: else every browser test would wait for them.
pregenerate_assets() {
    odoo shell -d "$1" --no-http --log-level=error > "$LOCAL/assets.log" 2>&1 <<'PYTHON'
env["ir.qweb"]._pregenerate_assets_bundles()
if "website" in env:
    for website in env["website"].search([]):
        env["ir.qweb"].with_context(website_id=website.id)._pregenerate_assets_bundles()
env.cr.commit()
PYTHON
}

# stock_database NAME KEY: make the database NAME with the stock addons of KEY, out of the archive if there is one.
# An archive older than two weeks is not taken: the stock demo data has dates around the day of its installation.
stock_database() {
    local name=$1 archive=$CACHE/stock/$2
    drop "$name"
    find "$CACHE/stock" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} + 2> /dev/null || true
    if [ -e "$archive/dump" ]; then
        say "Restoring the stock addons with demo data (about 15 s)"
        createdb -T template0 "$name"
        pg_restore -d "$name" -j 2 --no-owner --no-acl "$archive/dump"
        mkdir -p "$FILESTORE/$name"
        tar -xf "$archive/filestore.tar" -C "$FILESTORE/$name"
    else
        say "Installing the stock addons with demo data (2 to 3 minutes)"
        install "$name" "$(manifests stock)"
        say "Building the asset bundles of the stock addons (about 1 minute)"
        pregenerate_assets "$name"
        mkdir -p "$archive.$$"
        pg_dump -d "$name" -Fc -Z 1 -f "$archive.$$/dump"
        tar -cf "$archive.$$/filestore.tar" -C "$FILESTORE/$name" .
        rm -rf "$archive"
        mv -T "$archive.$$" "$archive"
    fi
}

# stock_template, product_template [ADDONS]: build what is missing, and set the variable TEMPLATE to its name
stock_template() {
    local key
    key=$(stock_key)
    TEMPLATE=${PREFIX}_stock_$key
    exec 6>> "$LOCAL/data/$INSTANCE/templates.lock"
    flock -n 6 || { say "Another script is preparing a database: waiting for it"; flock 6; }
    if ! exists "$TEMPLATE"; then
        stock_database "${TEMPLATE}_new" "$key"
        rename "${TEMPLATE}_new" "$TEMPLATE"
        prune stock "$TEMPLATE"
        prune product "$TEMPLATE"
    fi
    exec 6>&-
}

product_template() {
    local addons=${1:-$(manifests own)} stock
    stock_template
    stock=$TEMPLATE
    if [ -z "$addons" ]; then return; fi
    TEMPLATE=${PREFIX}_product_$(product_key "$stock" "$addons")
    exec 6>> "$LOCAL/data/$INSTANCE/templates.lock"
    flock -n 6 || { say "Another script is preparing a database: waiting for it"; flock 6; }
    if ! exists "$TEMPLATE"; then
        say "Installing $addons (about 20 s)"
        clone "$stock" "${TEMPLATE}_new"
        install "${TEMPLATE}_new" "$addons"
        say "Building their asset bundles (about 20 s)"
        pregenerate_assets "${TEMPLATE}_new"
        rename "${TEMPLATE}_new" "$TEMPLATE"
        prune product "$TEMPLATE" 4
    fi
    sql "COMMENT ON DATABASE \"$TEMPLATE\" IS '$(date +%s)'"
    exec 6>&-
}

# prune LEVEL KEEP [NUMBER]: drop the prepared databases that nobody needs any more, but the last NUMBER used
prune() {
    local name
    while read -r name; do
        if [ "$name" != "$2" ]; then drop "$name"; fi
    done < <(sql "SELECT datname FROM pg_database WHERE starts_with(datname, '${PREFIX}_$1_')
        ORDER BY (shobj_description(oid, 'pg_database'))::bigint DESC NULLS LAST OFFSET ${3:-0}")
}

# Databases of runs that were killed before they could remove theirs.
drop_abandoned() {
    local name
    while read -r name; do
        kill -0 "${name##*_}" 2> /dev/null || drop "$name"
    done < <(sql "SELECT datname FROM pg_database WHERE starts_with(datname, '${PREFIX}_run_')")
}
