import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const { DateTime, Interval, Settings } = luxon;

const DAY = 24 * 3600;
// Up to so many days each one has its lines; of more, ordinary ones next to each other share one.
const MANY_DAYS = 10;
// Up to so many stretches the bar shows every night; of more, only what is out of the ordinary.
const MANY_STRETCHES = 90;

/**
 * What `get_explanation` of an SLA status returns, with moments instead of strings.
 *
 * @typedef {Object} SlaExplanation
 * @property {SlaSegment[]} segments
 *
 * @typedef {Object} SlaSegment
 * @property {"working"|"closed"|"closure"|"paused"} kind
 * @property {luxon.DateTime} start
 * @property {luxon.DateTime} stop
 * @property {number} seconds
 * @property {boolean} is_late after the deadline
 * @property {string} [label] of a closure its name, of a pause its kind
 * @property {string|false} [reason] of a pause
 * @property {string|false} [user] who paused
 * @property {number} [working_seconds] by how much a pause moved the deadline
 */

const MOMENTS = [
    "now",
    "start",
    "stop",
    "deadline",
    "warning_date",
    "paused_since",
    "reached_date",
    "end_date",
];

/**
 * @param {Object} data what the server returned
 * @returns {SlaExplanation}
 */
export function readExplanation(data) {
    const explanation = { ...data };
    for (const name of MOMENTS) {
        explanation[name] = data[name] && deserializeDateTime(data[name]);
    }
    explanation.segments = data.segments.map((segment) => ({
        ...segment,
        start: deserializeDateTime(segment.start),
        stop: deserializeDateTime(segment.stop),
    }));
    return explanation;
}

function formatUnit(value, unit, options) {
    return new Intl.NumberFormat(DateTime.now().locale, {
        style: "unit",
        unit,
        unitDisplay: "narrow",
        // the digits of the dates next to it
        numberingSystem: Settings.defaultNumberingSystem || undefined,
        ...options,
    }).format(value);
}

/**
 * @param {number} seconds
 * @param {boolean} [exact] name the seconds also where there are none
 * @returns {string} in the user's language, e.g. "36h 05m" or "2h 00m 07s"; days are not used: a
 *      day of working time is not 24 hours
 */
export function formatSeconds(seconds, exact = false) {
    const padded = { minimumIntegerDigits: 2 };
    const parts = [
        formatUnit(Math.floor(seconds / 3600), "hour"),
        formatUnit(Math.floor((seconds % 3600) / 60), "minute", padded),
    ];
    if (exact || seconds % 60) {
        parts.push(formatUnit(seconds % 60, "second", padded));
    }
    return parts.join(" ");
}

/** @returns {string} e.g. "Mon, May 4" */
export function formatDay(moment) {
    const format = { weekday: "short", day: "numeric", month: "short" };
    if (moment.year !== DateTime.now().year) {
        format.year = "numeric";
    }
    return moment.toLocaleString(format);
}

/** @returns {string} e.g. "9:00 AM", with seconds where there are any */
export function formatTime(moment) {
    return toLocaleDateTimeString(moment, {
        showDate: false,
        showTime: true,
        showSeconds: Boolean(moment.second),
    });
}

/** @returns {string} e.g. "Mon, May 4, 10:30 AM" */
export function formatMoment(moment) {
    const format = {
        weekday: "short",
        day: "numeric",
        month: "short",
        hour: "numeric",
        minute: "2-digit",
    };
    if (moment.year !== DateTime.now().year) {
        format.year = "numeric";
    }
    return moment.toLocaleString(format);
}

/** @returns {string} from when to when, the second day named only where it is another one */
export function formatRange({ start, stop }) {
    const end = start.hasSame(stop, "day") ? formatTime(stop) : formatMoment(stop);
    return _t("%(start)s – %(end)s", { start: formatTime(start), end });
}

/**
 * @param {SlaExplanation} explanation
 * @returns {Object} seconds of each kind until the deadline, and of working time lost to pauses
 */
export function sumUp({ segments }) {
    const total = { working: 0, paused: 0, closed: 0, closure: 0, lost: 0 };
    for (const segment of segments) {
        if (!segment.is_late) {
            total[segment.kind] += segment.seconds;
            total.lost += segment.working_seconds || 0;
        }
    }
    return total;
}

// === BAR === //

function isNight(segment) {
    return segment.kind === "closed" && segment.seconds < DAY;
}

/**
 * Leave out the nights between ordinary working days: of hundreds nobody can tell one from the
 * other.
 */
function withoutNights(segments) {
    const merged = [];
    for (const segment of segments) {
        const last = merged.at(-1);
        if (
            last?.kind === "working" &&
            last.is_late === segment.is_late &&
            (segment.kind === "working" || isNight(segment))
        ) {
            merged[merged.length - 1] = { ...last, stop: segment.stop };
        } else {
            merged.push(segment);
        }
    }
    return merged;
}

/**
 * Lay out the bar, in percent of its length from its start.
 *
 * @param {SlaExplanation} explanation
 * @returns {{ parts: { kind: string, offset: number, size: number, segment: SlaSegment,
 *      isFuture: boolean }[], now: number|false, deadline: number|false }}
 */
export function layOutBar({ segments, start, stop, now, deadline, result }) {
    const length = stop - start || 1;
    const percent = (moment) => (100 * (moment - start)) / length;
    const shown = segments.length > MANY_STRETCHES ? withoutNights(segments) : segments;
    const parts = shown.flatMap((segment) => {
        const interval = Interval.fromDateTimes(segment.start, segment.stop);
        // what lies ahead is paler than what has happened
        const pieces =
            !result && segment.start < now && now < segment.stop
                ? interval.splitAt(now)
                : [interval];
        return pieces.map((piece) => ({
            kind: segment.kind,
            segment,
            offset: percent(piece.start),
            size: percent(piece.end) - percent(piece.start),
            isFuture: !result && piece.start >= now,
        }));
    });
    return {
        parts,
        now: !result && now > start && now < stop && percent(now),
        deadline: Boolean(deadline) && deadline < stop && percent(deadline),
    };
}

// === LIST === //

/** What is worth a line: nights and breaks are what is between two of them. */
function isLine(segment, index, segments) {
    return !isNight(segment) || index === 0 || index === segments.length - 1;
}

/** Whether a day says nothing but how long was worked. */
function isOrdinary({ lines }, deadline) {
    return lines.every(
        ({ kind, is_late, stop }) =>
            !is_late && ["working", "closed"].includes(kind) && !(deadline && stop.equals(deadline))
    );
}

/**
 * Group the timeline by the days on which its stretches begin, in the zone of the reader. Many
 * ordinary days next to each other become one group.
 *
 * @param {SlaExplanation} explanation
 * @returns {{ key: string, first: luxon.DateTime, last: luxon.DateTime, working: number,
 *      lines: SlaSegment[], isFolded: boolean }[]}
 */
export function groupByDay({ segments, deadline }) {
    const days = [];
    for (const segment of segments.filter(isLine)) {
        const key = segment.start.toISODate();
        let day = days.at(-1);
        if (day?.key !== key) {
            day = { key, first: segment.start, last: segment.start, lines: [], isFolded: false };
            days.push(day);
        }
        day.lines.push(segment);
    }
    const groups = [];
    for (const day of days) {
        const last = groups.at(-1);
        // the first and the last day tell where it begins and ends
        const isPlain =
            days.length > MANY_DAYS &&
            day !== days[0] &&
            day !== days.at(-1) &&
            isOrdinary(day, deadline);
        if (isPlain && last?.isPlain) {
            last.lines.push(...day.lines);
            last.last = day.last;
            last.isFolded = true;
        } else {
            groups.push({ ...day, lines: [...day.lines], isPlain });
        }
    }
    for (const group of groups) {
        group.working = group.lines
            .filter((segment) => segment.kind === "working" && !segment.is_late)
            .reduce((sum, segment) => sum + segment.seconds, 0);
    }
    return groups;
}

// === PROGRESS === //

/**
 * Tell how much of the working time is used at a moment, from what the server said once.
 *
 * @param {{ promised: number, used: number, at: string, runs: string[][] }} progress
 * @param {luxon.DateTime} now
 * @returns {number} seconds
 */
export function getUsedSeconds({ promised, used, runs }, now) {
    for (const [start, stop] of runs) {
        const from = deserializeDateTime(start);
        const to = deserializeDateTime(stop);
        if (from < now) {
            used += Math.floor(((to < now ? to : now) - from) / 1000);
        }
    }
    return runs.length ? Math.min(used, promised) : used;
}
