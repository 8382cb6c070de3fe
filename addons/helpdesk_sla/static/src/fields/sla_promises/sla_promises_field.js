import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useSlaClock } from "../../core/sla_clock";
import { describePromise } from "../../core/sla_promise";
import { SlaExplanationDialog } from "../../explanation/sla_explanation_dialog";
import { formatSeconds, getUsedSeconds } from "../../explanation/sla_timeline";

const PROGRESS_COLORS = {
    running: "bg-success",
    approaching: "bg-warning",
    breached: "bg-danger",
    paused: "bg-info",
    reached: "bg-success opacity-50",
    failed: "bg-danger opacity-50",
};

/**
 * What was promised for a ticket, each promise with its deadline or with what became of it, and how
 * much of its working time is used; what is still owed comes first. A click explains the deadline.
 */
export class SlaPromisesField extends Component {
    static template = "helpdesk_sla.SlaPromisesField";
    static props = { ...standardFieldProps };

    setup() {
        this.clock = useSlaClock();
        this.dialog = useService("dialog");
    }

    explain(statusId) {
        this.dialog.add(SlaExplanationDialog, { statusId });
    }

    getProgress(progress, state) {
        if (!progress?.promised) {
            return false;
        }
        const used = getUsedSeconds(progress, this.clock.now);
        return {
            color: PROGRESS_COLORS[state],
            label: _t("%(used)s of %(promised)s of working time used", {
                used: formatSeconds(used),
                promised: formatSeconds(progress.promised),
            }),
            percentage: Math.min(Math.round((100 * used) / progress.promised), 100),
        };
    }

    get promises() {
        const promises = [];
        for (const { resId, data } of this.props.record.data[this.props.name].records) {
            const promise = describePromise(
                {
                    deadline: data.deadline,
                    warningDate: data.warning_date,
                    pausedSince: data.paused_since,
                    reachedDate: data.reached_date,
                    result: data.result,
                },
                this.clock.now
            );
            if (promise) {
                promises.push({
                    id: resId,
                    name: data.name,
                    deadline: data.deadline,
                    progress: this.getProgress(data.sla_progress, promise.state),
                    ...promise,
                });
            }
        }
        return promises.sort(
            (a, b) =>
                Boolean(a.finished) - Boolean(b.finished) ||
                (a.deadline || Infinity) - (b.deadline || Infinity)
        );
    }
}

export const slaPromisesField = {
    component: SlaPromisesField,
    displayName: _t("SLA Promises"),
    supportedTypes: ["one2many"],
    relatedFields: [
        { name: "name", type: "char" },
        { name: "deadline", type: "datetime" },
        { name: "warning_date", type: "datetime" },
        { name: "paused_since", type: "datetime" },
        { name: "reached_date", type: "datetime" },
        { name: "result", type: "selection", selection: [] },
        { name: "sla_progress", type: "json" },
    ],
};

registry.category("fields").add("helpdesk_sla_promises", slaPromisesField);
