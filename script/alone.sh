# shellcheck shell=bash
# Prepared databases for one of our addons alone, sourced after databases.sh (which is part of the key of every
# prepared database: what is changed there makes all of them again).

# alone_template ADDON: the stock addons that ADDON depends on, no other and no demo data; sets TEMPLATE as well
alone_template() {
    local stock log=$LOCAL/alone.log
    stock=$(manifests "stock $1")
    TEMPLATE=${PREFIX}_alone_$(hash_of <<< "$(stock_key) $stock")
    exec 6>> "$LOCAL/data/$INSTANCE/alone.lock"
    flock -n 6 || { say "Another script is preparing a database: waiting for it"; flock 6; }
    if ! exists "$TEMPLATE"; then
        drop "${TEMPLATE}_new"
        say "Installing the stock addons that $1 depends on (about 30 s)"
        odoo -d "${TEMPLATE}_new" -i "$stock" --skip-auto-install --no-http --stop-after-init --log-level=error \
            > "$log" 2>&1 < /dev/null || { tail -n 60 "$log" >&2; die "installing $stock failed: see $log"; }
        rename "${TEMPLATE}_new" "$TEMPLATE"
    fi
    exec 6>&-
}
