import { Component, onWillStart, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSlaClock } from "../core/sla_clock";
import { describePromise } from "../core/sla_promise";
import {
    formatDay,
    formatMoment,
    formatRange,
    formatSeconds,
    formatTime,
    groupByDay,
    layOutBar,
    readExplanation,
    sumUp,
} from "./sla_timeline";

const { DateTime } = luxon;

/**
 * Why a promise is due when it is: what was worked, when the clock stood still and because of
 * whom, and the sum to the second.
 */
export class SlaExplanationDialog extends Component {
    static template = "helpdesk_sla.SlaExplanationDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        statusId: Number,
    };

    setup() {
        this.orm = useService("orm");
        this.clock = useSlaClock();
        this.state = useState({ unfolded: {} });
        this.formatDay = formatDay;
        this.formatRange = formatRange;
        this.formatSeconds = formatSeconds;
        this.formatTime = formatTime;
        onWillStart(async () => {
            this.explanation = readExplanation(
                await this.orm.call("helpdesk.sla.status", "get_explanation", [
                    [this.props.statusId],
                ])
            );
            this.bar = layOutBar(this.explanation);
            this.groups = groupByDay(this.explanation);
            this.total = sumUp(this.explanation);
        });
    }

    // === WHAT IS PROMISED === //

    get badge() {
        const { deadline, warning_date, paused_since, reached_date, result } = this.explanation;
        return describePromise(
            {
                deadline,
                warningDate: warning_date,
                pausedSince: paused_since,
                reachedDate: reached_date,
                result,
            },
            this.clock.now
        );
    }

    /** The moment that the headline is about. */
    get moment() {
        const { deadline, end_date, paused_since, reached_date, result } = this.explanation;
        return result ? reached_date || end_date : deadline || paused_since;
    }

    get headline() {
        const { deadline, reached_date, result } = this.explanation;
        const moment = this.moment && formatMoment(this.moment);
        switch (result) {
            case "reached":
                return _t("Reached on %s", moment);
            case "failed":
                return reached_date
                    ? _t("Reached too late, on %s", moment)
                    : _t("Not reached; ended on %s", moment);
            case "cancelled":
                return _t("Canceled on %s", moment);
            case "superseded":
                return _t("Replaced by another promise on %s", moment);
        }
        if (!moment) {
            return _t("No deadline: the working hours contain no working time");
        }
        if (!deadline) {
            return _t("Paused since %s", moment);
        }
        return deadline < this.clock.now ? _t("Was due %s", moment) : _t("Due %s", moment);
    }

    /** The same moment where the working hours apply, when clocks show another time there. */
    get elsewhere() {
        const { tz } = this.explanation;
        const there = tz && this.moment && this.moment.setZone(tz);
        if (!there || !there.isValid || there.offset === this.moment.offset) {
            return "";
        }
        return _t("%(moment)s in %(zone)s, where the working hours apply", {
            moment: formatMoment(there),
            zone: tz,
        });
    }

    get zone() {
        return _t("Times are shown in %s.", DateTime.local().zoneName);
    }

    get terms() {
        const { calendar, promised_seconds, start, tz } = this.explanation;
        const values = { time: formatSeconds(promised_seconds), start: formatMoment(start) };
        return calendar
            ? _t("%(time)s of working time from %(start)s, in the hours %(calendar)s (%(zone)s)", {
                  ...values,
                  calendar,
                  zone: tz,
              })
            : _t("%(time)s from %(start)s, around the clock", values);
    }

    get outlook() {
        const { late_seconds, left_seconds, result, used_seconds } = this.explanation;
        const used = formatSeconds(used_seconds);
        if (result) {
            return "";
        }
        return late_seconds
            ? _t("%(used)s used until now, %(late)s too much", {
                  used,
                  late: formatSeconds(late_seconds),
              })
            : _t("%(used)s used until now, %(left)s left", {
                  used,
                  left: formatSeconds(left_seconds),
              });
    }

    // === BAR === //

    get legend() {
        const { closed, closure, lost, paused, working } = this.total;
        const late = this.explanation.segments.some((segment) => segment.is_late);
        return [
            { kind: "working", label: _t("Working time"), value: formatSeconds(working) },
            {
                kind: "paused",
                label: _t("Paused"),
                value:
                    paused &&
                    _t("%(time)s, of it %(lost)s of working time", {
                        time: formatSeconds(paused),
                        lost: formatSeconds(lost),
                    }),
            },
            { kind: "closure", label: _t("Holiday"), value: closure && formatSeconds(closure) },
            {
                kind: "closed",
                label: _t("Outside working hours"),
                value: closed && formatSeconds(closed),
            },
            { kind: "late", label: _t("After the deadline"), value: late && this.lateTime },
        ].filter(({ value }) => value);
    }

    get lateTime() {
        const { segments } = this.explanation;
        return formatSeconds(
            segments
                .filter(({ is_late, kind }) => is_late && kind === "working")
                .reduce((sum, { seconds }) => sum + seconds, 0)
        );
    }

    get barDescription() {
        return this.legend
            .map(({ label, value }) => _t("%(label)s: %(value)s", { label, value }))
            .join("; ");
    }

    getPartClass({ isFuture, kind, segment }) {
        return {
            [`o_helpdesk_sla_${kind}`]: true,
            o_helpdesk_sla_late: segment.is_late,
            o_helpdesk_sla_future: isFuture,
        };
    }

    getPartStyle({ offset, size }) {
        return `inset-inline-start: ${offset.toFixed(4)}%; inline-size: ${size.toFixed(4)}%;`;
    }

    getPartTooltip({ segment }) {
        return _t("%(range)s: %(what)s", {
            range: formatRange(segment),
            what: this.describe(segment),
        });
    }

    // === LIST === //

    describe({ kind, label, reason }) {
        switch (kind) {
            case "working":
                return _t("Working time");
            case "closed":
                return _t("Outside working hours");
            case "closure":
                return label || _t("Holiday");
            default:
                return reason ? _t("%(pause)s (%(reason)s)", { pause: label, reason }) : label;
        }
    }

    getDays(group) {
        return group.first.hasSame(group.last, "day")
            ? formatDay(group.first)
            : _t("%(first)s – %(last)s", {
                  first: formatDay(group.first),
                  last: formatDay(group.last),
              });
    }

    /** In a group of days each line has to name its own. */
    getRange(group, line) {
        if (!group.isFolded) {
            return formatRange(line);
        }
        return _t("%(day)s, %(range)s", { day: formatDay(line.start), range: formatRange(line) });
    }

    isShown(group) {
        return !group.isFolded || this.state.unfolded[group.key];
    }

    toggle(group) {
        this.state.unfolded[group.key] = !this.state.unfolded[group.key];
    }

    isDeadline(line) {
        const { deadline } = this.explanation;
        return Boolean(deadline) && !line.is_late && line.stop.equals(deadline);
    }

    isAhead(line) {
        return !this.explanation.result && line.start >= this.explanation.now;
    }

    // === SUM === //

    get sum() {
        const { promised_seconds, result, used_seconds } = this.explanation;
        return _t("%(sum)s of %(promised)s", {
            sum: formatSeconds(result ? used_seconds : this.total.working, true),
            promised: formatSeconds(promised_seconds, true),
        });
    }

    get sumLabel() {
        const { deadline, result } = this.explanation;
        if (result) {
            return _t("Working time until it ended");
        }
        return deadline ? _t("Working time until the deadline") : _t("Working time until now");
    }

    get difference() {
        const { counted_seconds, used_seconds } = this.explanation;
        return _t(
            "The working hours or the pauses were changed after this promise ended. What was counted then stays: %(frozen)s. The timeline shows what they are today: %(today)s.",
            {
                frozen: formatSeconds(used_seconds, true),
                today: formatSeconds(counted_seconds, true),
            }
        );
    }
}

registry.category("actions").add("helpdesk_sla.explain", (env, { params }) => {
    env.services.dialog.add(SlaExplanationDialog, { statusId: params.status_id });
});
