import { onMounted, onWillStart, onWillUnmount, useExternalListener, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";

const { DateTime } = luxon;

const MINUTE = 60 * 1000;

/**
 * Hook: data that is fetched when the component starts, and again from time to time.
 *
 * Nothing is fetched while nobody can see the page. When the server does not answer, what was
 * fetched last stays, and the next attempts come less and less often; what comes too late, because
 * something else was asked for in the meantime, is dropped.
 *
 * @template T
 * @param {() => Promise<T>} fetch
 * @param {(data: T) => void} apply
 * @param {Object} [options]
 * @param {number} [options.interval] in milliseconds
 * @param {number} [options.maxInterval] in milliseconds, when the server does not answer
 * @returns {{ updated: luxon.DateTime, failures: number, refresh: () => Promise<void> }} reactive;
 *      `failures` counts the attempts since the last success
 */
export function useRefresh(fetch, apply, { interval = MINUTE, maxInterval = 10 * MINUTE } = {}) {
    let timer = null;
    let attempts = 0;
    let isMounted = false;

    function schedule() {
        browser.clearTimeout(timer);
        if (isMounted && !document.hidden) {
            const delay = Math.min(interval * 2 ** state.failures, maxInterval);
            timer = browser.setTimeout(refresh, delay);
        }
    }

    async function refresh() {
        browser.clearTimeout(timer);
        const attempt = ++attempts;
        let failure = null;
        let data = null;
        try {
            data = await fetch();
        } catch (error) {
            failure = error;
        }
        if (attempt !== attempts) {
            return;
        }
        if (!failure) {
            apply(data);
            Object.assign(state, { updated: DateTime.now(), failures: 0 });
        } else if (failure instanceof ConnectionLostError || failure instanceof RPCError) {
            state.failures++;
        } else {
            throw failure;
        }
        schedule();
    }

    const state = useState({ updated: null, failures: 0, refresh });

    onWillStart(async () => {
        apply(await fetch());
        state.updated = DateTime.now();
    });
    onMounted(() => {
        isMounted = true;
        schedule();
    });
    onWillUnmount(() => {
        isMounted = false;
        attempts++;
        browser.clearTimeout(timer);
    });
    useExternalListener(document, "visibilitychange", () => {
        if (document.hidden) {
            browser.clearTimeout(timer);
        } else {
            refresh();
        }
    });
    useExternalListener(window, "online", () => refresh());
    return state;
}
