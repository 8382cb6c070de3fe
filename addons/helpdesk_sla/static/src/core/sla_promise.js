import { toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const { DateTime, Settings } = luxon;

/**
 * @typedef {Object} SlaPromise
 * @property {luxon.DateTime|false} deadline empty while the clock stands still
 * @property {luxon.DateTime|false} warningDate when it begins to approach
 * @property {luxon.DateTime|false} pausedSince
 * @property {string|false} result set when the promise does not run any more
 * @property {luxon.DateTime|false} [reachedDate]
 */

const LOOKS = {
    running: { icon: "fa-clock-o", color: "text-bg-success" },
    approaching: { icon: "fa-clock-o", color: "text-bg-warning" },
    breached: { icon: "fa-exclamation-circle", color: "text-bg-danger" },
    paused: { icon: "fa-pause", color: "text-bg-info" },
    reached: { icon: "fa-check", color: "border text-success", finished: true },
    failed: { icon: "fa-times", color: "border text-danger", finished: true },
};

/**
 * Tell how a promise stands at a moment. Time alone makes it approach its deadline and break, so
 * nothing that the server computed is taken for that.
 *
 * @param {SlaPromise} promise
 * @param {luxon.DateTime} now
 * @returns {string|false} "running", "approaching", "breached", "paused" or the result
 */
export function getPromiseState({ deadline, warningDate, pausedSince, result }, now) {
    if (result) {
        return result;
    }
    if (!deadline) {
        return pausedSince ? "paused" : false;
    }
    if (deadline < now) {
        return "breached";
    }
    return warningDate && warningDate <= now ? "approaching" : "running";
}

/**
 * @param {luxon.Duration} duration
 * @returns {string} the two largest units in the user's language, e.g. "2h 10m" or "1d 4h"; a
 *      minute at least
 */
export function formatDuration(duration) {
    const { days, hours, minutes } = duration.shiftTo("days", "hours", "minutes").toObject();
    const units = Object.entries({ day: days, hour: hours, minute: Math.floor(minutes) });
    while (units.length > 1 && !units[0][1]) {
        units.shift();
    }
    // hours do not matter any more when it is a matter of days
    const shown = units.slice(0, days >= 3 ? 1 : 2).filter(([, value], index) => value || !index);
    return shown
        .map(([unit, value]) =>
            new Intl.NumberFormat(DateTime.now().locale, {
                style: "unit",
                unit,
                unitDisplay: "narrow",
                // the digits of the dates next to it
                numberingSystem: Settings.defaultNumberingSystem || undefined,
            }).format(value || 1)
        )
        .join(" ");
}

/**
 * Tell everything that is shown of a promise.
 *
 * @param {SlaPromise} promise
 * @param {luxon.DateTime} now
 * @returns {{ state: string, icon: string, color: string, finished?: boolean, label: string,
 *      date: string, tooltip: string }|null} null for what is neither owed nor judged
 */
export function describePromise(promise, now) {
    const state = getPromiseState(promise, now);
    if (!(state in LOOKS)) {
        return null;
    }
    const { deadline, pausedSince, reachedDate } = promise;
    const date = toLocaleDateTimeString(deadline);
    const texts = {
        running: () => ({
            label: _t("in %s", formatDuration(deadline.diff(now))),
            tooltip: _t("Due on %s", date),
        }),
        breached: () => ({
            label: _t("%s overdue", formatDuration(now.diff(deadline))),
            tooltip: _t("Was due on %s", date),
        }),
        paused: () => ({
            label: _t("Paused"),
            tooltip: _t("The clock stands still since %s", toLocaleDateTimeString(pausedSince)),
        }),
        reached: () => ({
            label: _t("Reached"),
            tooltip: reachedDate
                ? _t("Reached on %s", toLocaleDateTimeString(reachedDate))
                : _t("Everything that was promised was kept"),
        }),
        failed: () => ({
            label: _t("Failed"),
            tooltip: deadline
                ? _t("Was due on %s", date)
                : _t("Something that was promised was late"),
        }),
    };
    texts.approaching = texts.running;
    return { state, date, ...LOOKS[state], ...texts[state]() };
}
