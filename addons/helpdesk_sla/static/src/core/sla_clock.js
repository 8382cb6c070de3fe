import { onMounted, onWillUnmount, reactive, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";

const { DateTime } = luxon;

const MINUTE = 60 * 1000;

// One clock for all badges of a page: a list of eighty tickets needs one timer, not eighty.
const clock = reactive({ now: null });
let users = 0;
let timer = null;

/**
 * Hook: the current time; what depends on it is rendered again every minute.
 *
 * @returns {{ now: luxon.DateTime }}
 */
export function useSlaClock() {
    if (!users) {
        clock.now = DateTime.now();
    }
    onMounted(() => {
        if (!users++) {
            timer = browser.setInterval(() => (clock.now = DateTime.now()), MINUTE);
        }
    });
    onWillUnmount(() => {
        if (!--users) {
            browser.clearInterval(timer);
        }
    });
    return useState(clock);
}
