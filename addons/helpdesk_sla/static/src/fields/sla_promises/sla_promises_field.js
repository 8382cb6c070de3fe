import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useSlaClock } from "../../core/sla_clock";
import { describePromise } from "../../core/sla_promise";

/**
 * What was promised for a ticket, each promise with its deadline or with what became of it; what
 * is still owed comes first.
 */
export class SlaPromisesField extends Component {
    static template = "helpdesk_sla.SlaPromisesField";
    static props = { ...standardFieldProps };

    setup() {
        this.clock = useSlaClock();
    }

    get promises() {
        const promises = [];
        for (const { id, data } of this.props.record.data[this.props.name].records) {
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
                promises.push({ id, name: data.name, deadline: data.deadline, ...promise });
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
    ],
};

registry.category("fields").add("helpdesk_sla_promises", slaPromisesField);
